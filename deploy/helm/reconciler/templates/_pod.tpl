{{/* The name of the ConfigMap: its content decides, so a try of a Job never sees another configuration than the first. */}}
{{- define "reconciler.config" -}}
reconciler-config-{{ toYaml .Values.files | sha256sum | trunc 10 }}
{{- end }}

{{/* Put the values into a pod. Takes root, pod, and patch: what git-sync adds to such a pod. */}}
{{- define "reconciler.pod" -}}
{{- $values := .root.Values }}
{{- $container := index .pod.containers 0 }}
{{- $_ := set $container "image" $values.image }}
{{- $secrets := dict "recall" $values.secrets.recall "ledger" $values.secrets.ledger "git" $values.manifests.git.secret }}
{{- if $values.manifests.image }}
{{- if $values.manifests.git.repository }}{{ fail "name either manifests.image or manifests.git.repository" }}{{ end }}
{{- range .pod.volumes }}
{{- if eq .name "manifests" }}{{ $_ := set .image "reference" $values.manifests.image }}{{ end }}
{{- end }}
{{- else }}
{{- $repository := required "name manifests.image or manifests.git.repository" $values.manifests.git.repository }}
{{- $sync := index .patch.initContainers 0 }}
{{- $ref := $values.manifests.git.branch }}
{{- if not $sync.restartPolicy }}{{ $ref = required "name manifests.git.commit" $values.manifests.git.commit }}{{ end }}
{{- $args := list (printf "--repo=%s" $repository) (printf "--ref=%s" $ref) }}
{{- range $sync.args }}
{{- if not (or (hasPrefix "--repo=" .) (hasPrefix "--ref=" .)) }}{{ $args = append $args . }}{{ end }}
{{- end }}
{{- $_ := set $sync "args" $args }}
{{- $_ := set $sync "image" $values.manifests.git.image }}
{{- $_ := set .pod "initContainers" (list $sync) }}
{{- range $container.volumeMounts }}
{{- if eq .name "manifests" }}{{ $_ := set . "mountPath" "/manifests" }}{{ end }}
{{- end }}
{{- $volumes := list }}
{{- range .pod.volumes }}{{ if ne .name "manifests" }}{{ $volumes = append $volumes . }}{{ end }}{{ end }}
{{- range .patch.volumes }}{{ $volumes = append $volumes (omit . "image") }}{{ end }}
{{- $_ := set .pod "volumes" $volumes }}
{{- end }}
{{- $config := include "reconciler.config" .root }}
{{- range .pod.volumes }}
{{- if .configMap }}{{ $_ := set .configMap "name" $config }}{{ end }}
{{- if .secret }}{{ $_ := set .secret "secretName" (get $secrets .name) }}{{ end }}
{{- end }}
{{- end }}

{{/* The name of an object: that of the release and what it is for. */}}
{{- define "reconciler.rename" -}}
{{- $_ := set .object.metadata "name" (printf "%s-%s" .root.Release.Name .suffix) }}
{{- end }}
