"""A fleet of five in files: what the manifest wants of four of them, and what the sandbox has."""

KEY = "sk-recognisable-api-key-1234567890"

CONFIGURATION = """\
apiVersion: reconciler/v1
defaultWorkspace: trial
workspaces:
  trial:
    sandbox: {{seed: seed.yaml, state: state/sandbox.db}}
    manifests: [manifests/]
    {extra}
"""

MANIFEST = """\
apiVersion: reconciler/v1
users:
  - id: mover@example.com
    platforms: [microsoft]
  - id: leaver@example.com
    platforms: []
    reason: left (HR-1)
  - id: settled@example.com
    platforms: [google]
  - id: waiting@example.com
    platforms: [microsoft]
"""

SEED = f"""\
apiVersion: reconciler/sandbox/v1
apiKey: {KEY}
users:
  - external_id: mover@example.com
    connected: {{google: mover@example.com, microsoft: mover@example.com}}
  - external_id: leaver@example.com
    connected: {{google: leaver@example.com}}
  - external_id: settled@example.com
    connected: {{google: settled@example.com}}
  - external_id: waiting@example.com
    connected: {{google: waiting@example.com}}
  - external_id: stranger@example.com
    connected: {{google: stranger@example.com, microsoft: stranger@example.com}}
"""
