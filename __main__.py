from reconciler.pulumi_provider.program import main

main()
