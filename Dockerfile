# The image of the calendar reconciler: `make image` builds it, docs/image.md says how to run it.
#
# BASE: a Debian-based Python of 3.11 or newer, with pip or venv. Only the build runs on it. Name it by digest for
# builds that can be repeated: python:3.12-slim@sha256:… (`docker buildx imagetools inspect python:3.12-slim` shows it).
ARG BASE=python:3.12-slim
# PULUMI_CLI: an image with the Pulumi CLI in /pulumi/bin. Only the target `pulumi` needs it.
ARG PULUMI_CLI=pulumi/pulumi-base:3.260.0
# EXTRAS: what is installed beside the tool itself: extras of pyproject.toml.
ARG EXTRAS=postgresql,metrics,notify

FROM ${BASE} AS build
# An index of Python packages, if it is not pip's own. For one with a password, pass a pip.conf as the secret `pip.conf`.
ARG PIP_INDEX_URL
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_CONSTRAINT=/source/constraints.txt
WORKDIR /source
COPY constraints.txt ./
RUN --mount=type=secret,id=pip.conf,target=/etc/pip.conf \
    python3 -m venv /tools \
    && /tools/bin/pip install --quiet cyclonedx-bom hatchling hatch-fancy-pypi-readme
COPY pyproject.toml README.md LICENSE ./
COPY schemas schemas
COPY manifests manifests
COPY sandbox sandbox
COPY reconciler reconciler
RUN /tools/bin/pip wheel --quiet --no-deps --no-build-isolation --wheel-dir /wheels .

FROM build AS installed
ARG EXTRAS
RUN --mount=type=secret,id=pip.conf,target=/etc/pip.conf \
    python3 -m venv --without-pip /opt/reconciler \
    && wheel=$(echo /wheels/*.whl) \
    && /tools/bin/pip --python /opt/reconciler/bin/python install --quiet --no-compile "${wheel}[${EXTRAS}]" \
    && /tools/bin/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible \
        --output-file /bom.json /opt/reconciler/bin/python
COPY deploy/image/assemble.py deploy/image/healthcheck.py /opt/image/
RUN python3 /opt/image/assemble.py /bom.json /image

FROM scratch AS image
COPY --from=installed /image/ /
LABEL org.opencontainers.image.title="calendar-reconciler" \
      org.opencontainers.image.description="Infrastructure as code for the calendar platforms that people have connected at Recall.ai" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.source="https://your.git.host/calendar-reconciler"
ENV PATH=/opt/reconciler/bin LANG=C.UTF-8 PYTHONDONTWRITEBYTECODE=1 SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
WORKDIR /work
USER 65532:65532
# Healthy is what is not `watch`, too.
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s CMD ["python", "/opt/image/healthcheck.py"]
ENTRYPOINT ["reconciler"]

# The Pulumi front. The Pulumi CLI starts providers by a shell, so this one stays on the base, and it asks pip what is
# installed.
FROM installed AS installed-pulumi
ARG EXTRAS
RUN --mount=type=secret,id=pip.conf,target=/etc/pip.conf \
    wheel=$(echo /wheels/*.whl) \
    && /opt/reconciler/bin/python -m ensurepip \
    && /opt/reconciler/bin/python -m pip install --quiet "${wheel}[${EXTRAS},pulumi]" \
    && /tools/bin/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible \
        --output-file /bom.json /opt/reconciler/bin/python

FROM ${PULUMI_CLI} AS pulumi-cli

FROM ${BASE} AS pulumi
COPY --from=installed-pulumi /opt /opt
COPY --from=installed-pulumi /bom.json /usr/share/sbom/calendar-reconciler.cdx.json
COPY --from=pulumi-cli /pulumi/bin /opt/pulumi/bin
RUN install -d -o 65532 -g 0 -m 770 /home/reconciler /ledger
LABEL org.opencontainers.image.title="calendar-reconciler" \
      org.opencontainers.image.description="Infrastructure as code for the calendar platforms that people have connected at Recall.ai" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.source="https://your.git.host/calendar-reconciler"
ENV PATH=/opt/reconciler/bin:/opt/pulumi/bin:/usr/local/bin:/usr/bin:/bin \
    LANG=C.UTF-8 PYTHONDONTWRITEBYTECODE=1 SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt \
    HOME=/home/reconciler PULUMI_SKIP_UPDATE_CHECK=true PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION=true
WORKDIR /work
USER 65532:65532
ENTRYPOINT ["pulumi"]

# What is built where no target is named.
FROM image
