"""What the GitHub Action and the GitLab component do around a command, and the first pipelines.

Both services are told the same things of a job, so the job itself is in ``job``, what is written on
a pull request in ``comments``, and only how a service is spoken to in ``github`` and ``gitlab``.
Those two are run with ``python -I -m``, so that no file of the working folder is taken for ours.
"""
