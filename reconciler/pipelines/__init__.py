"""What the GitHub Action and the GitLab component do around a command, and the first pipelines.

The job itself is in ``job``, and what is written on a pull request in ``comments``. Only what
differs between the two services is in ``github`` and ``gitlab``. Those are run with ``python -I
-m``, so that no file of the working folder is taken for ours.
"""
