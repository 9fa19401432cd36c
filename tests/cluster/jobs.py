"""A Job as it is seen from outside: the tries of each index, and how they and the Job ended."""

from datetime import datetime

from msgspec import Struct

from tests.cluster.kubectl import Kubectl, Object, wait_until
from tests.cluster.recording import Recording

INDEX = "batch.kubernetes.io/job-completion-index"
JOB_NAME = "batch.kubernetes.io/job-name"


def numbers(text: str) -> set[int]:
    """What Kubernetes writes as ``0,3-5``."""
    spans = [each.partition("-") for each in text.split(",") if each]
    return {n for low, _, high in spans for n in range(int(low), int(high or low) + 1)}


class Try(Struct, frozen=True):
    """One pod of an index."""

    pod: Object

    @property
    def name(self) -> str:
        name: str = self.pod["metadata"]["name"]
        return name

    @property
    def status(self) -> int | None:
        """The exit status of the tool; None while it has none."""
        for each in self.pod["status"].get("containerStatuses", []):
            if each["name"] == "reconciler" and (ended := each["state"].get("terminated")):
                status: int = ended["exitCode"]
                return status
        return None

    @property
    def pending(self) -> bool:
        pending: bool = self.pod["status"]["phase"] == "Pending"
        return pending

    @property
    def disrupted(self) -> bool:
        """Whether the cluster took it away."""
        conditions = self.pod["status"].get("conditions", [])
        return any(each["type"] == "DisruptionTarget" for each in conditions)


class Job:
    """A Job that was created, and the recording that knows its pods."""

    def __init__(self, kubectl: Kubectl, recording: Recording, name: str) -> None:
        self.name = name
        self._kubectl = kubectl
        self._recording = recording

    def get(self) -> Object:
        return self._kubectl.get("job", self.name)

    def tries(self, index: int = 0) -> list[Try]:
        """The pods of an index, in the order in which they were created."""
        pods = [each for each in self._recording.pods.values() if self._is_of(each, index)]
        return [
            Try(pod) for pod in sorted(pods, key=lambda pod: pod["metadata"]["creationTimestamp"])
        ]

    def _is_of(self, pod: Object, index: int) -> bool:
        labels = pod["metadata"].get("labels", {})
        return bool(labels.get(JOB_NAME) == self.name and labels.get(INDEX) == str(index))

    def statuses(self, index: int = 0) -> list[int | None]:
        return [each.status for each in self.tries(index)]

    def running(self, index: int = 0) -> str:
        """The name of the pod of an index that runs now; waits for it."""

        def found() -> str | None:
            now = [each for each in self.tries(index) if each.pod["status"]["phase"] == "Running"]
            return now[-1].name if now else None

        return wait_until(f"a pod of {self.name} that runs", found) or ""

    def written(self, index: int = 0, place: int = 0) -> str:
        """What a try wrote."""
        return self._recording.written(self.tries(index)[place].name)

    def ended(self, *, seconds: float = 300) -> str:
        """Wait for its end: ``Complete``, or the reason of its failure."""

        def condition() -> str:
            for each in self.get()["status"].get("conditions", []):
                if each["type"] in {"Complete", "Failed"} and each["status"] == "True":
                    return "Complete" if each["type"] == "Complete" else str(each["reason"])
            return ""

        return wait_until(f"the end of {self.name}", condition, seconds=seconds)

    @property
    def failed(self) -> set[int]:
        """The indexes that failed."""
        return numbers(self.get()["status"].get("failedIndexes", ""))

    @property
    def completed(self) -> set[int]:
        return numbers(self.get()["status"].get("completedIndexes", ""))

    def span(self) -> tuple[datetime, datetime]:
        """From when to when it ran."""
        status = self.get()["status"]
        ends = [status.get("completionTime")]
        ends += [each["lastTransitionTime"] for each in status.get("conditions", [])]
        return (
            datetime.fromisoformat(status["startTime"]),
            max(datetime.fromisoformat(each) for each in ends if each),
        )
