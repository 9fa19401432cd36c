from reconciler.pulumi_provider.declaration import main

main()
