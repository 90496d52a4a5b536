"""The resident host's listener: a thread for each client, an ordered stop."""

import socket
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Final

from segur_host.broker.cancelling import Cancellation
from segur_host.crash import write_report
from segur_host.messages import as_json
from segur_host.resident.place import socket_of
from segur_host.resident.wire import Broken, Wire
from segur_host.storage.file_lock import FileLock
from segur_sdk.errors import HostError, InputError, SegurError, UserMessage
from segur_sdk.models.notice import Notice, Question

LOCK_NAME: Final = "resident.lock"
STOP_S: Final = 5.0
"""How long the clients' last calls may take when the host stops, all together."""
PAUSE_S: Final = 0.1
"""Before the next client is taken when this one could not be."""


class Conversation:
    """One call of a client, as a verb sees it: implements ``segur_host.verbs.Asked``."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._answers: SimpleQueue[str | None] = SimpleQueue()
        self.cancellation: Final = Cancellation()
        """Cancelled when the client went away: whatever waits for him ends."""
        self.answered_whole = False
        """The client has his answer, and may ask for something else."""

    def ask(self, question: Question) -> str:
        """Ask whoever sits at the client; see ``segur_host.broker.ask.Asker``."""
        self._say({"ask": question.model_dump(mode="json")}, question.code)
        answer = self._answers.get()
        if answer is None:
            raise InputError("input.no_answer", question=question.code)
        return answer

    def show(self, notice: Notice) -> None:
        """Show something to whoever sits at the client."""
        with suppress(Broken):
            self._wire.send({"show": notice.model_dump(mode="json")})

    def tell(self, event: Any) -> None:
        """Tell a client what happened, for a verb that goes on; nothing happens when he is gone."""
        with suppress(Broken):
            self._wire.send({"event": event})

    def answered(self, answer: str | None) -> None:
        """Take what the client said."""
        self._answers.put(answer)

    def left(self) -> None:
        """The client went away."""
        self.cancellation.cancel()
        self._answers.put(None)

    def _say(self, message: dict[str, Any], question: str) -> None:
        try:
            self._wire.send(message)
        except Broken:
            raise InputError("input.no_answer", question=question) from None


Verb = Callable[[Mapping[str, Any], Conversation], Any]
"""What a client can have done: its arguments in JSON, and its conversation; the value is JSON."""


class Resident:
    """Listens for one data folder, and carries out verbs.

    Args:
        data: the data folder.
        verbs: by name.
        messages: French texts that plugins bring.

    Raises:
        HostError: ``resident.running``: another one keeps this data folder; ``resident.place``,
            ``resident.unsupported``.
    """

    def __init__(self, data: Path, verbs: Mapping[str, Verb], messages: Mapping[str, UserMessage]) -> None:
        self._verbs = verbs
        self._messages = messages
        self._lock = FileLock(data / LOCK_NAME, patience_s=0.0)
        try:
            self._lock.acquire()
        except HostError as failure:
            self._lock.close()
            raise HostError("resident.running") if failure.code == "storage.busy" else failure from None
        try:
            self.address: Final = socket_of(data)
        except HostError:
            self._unlock()
            raise
        self._wires: set[Wire] = set()
        self._changing = threading.Lock()
        self._stopping = threading.Event()
        self._serving: set[threading.Thread] = set()
        self._socket = self._listening_socket()
        self._listening = threading.Thread(target=self._listen, name="segur-resident", daemon=True)
        self._listening.start()

    def close(self) -> None:
        """Take no further client, let those who are there hear that it ends, and wait for what they had done."""
        self._stopping.set()
        # Wakes the listener: closing alone would leave it waiting.
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._listening.join()
        with self._changing:
            wires, serving = list(self._wires), list(self._serving)
        for wire in wires:
            wire.close()
        until = time.monotonic() + STOP_S
        for thread in serving:
            thread.join(max(until - time.monotonic(), 0.0))
        self.address.unlink(missing_ok=True)
        self._unlock()

    def _listening_socket(self) -> socket.socket:
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            # One that was killed leaves its address behind; the lock says that it is nobody's.
            self.address.unlink(missing_ok=True)
            listening.bind(str(self.address))
            self.address.chmod(0o600)
            listening.listen()
        except OSError as failure:
            listening.close()
            self._unlock()
            raise HostError("resident.place", reason=type(failure).__name__) from None
        return listening

    def _unlock(self) -> None:
        self._lock.release()
        self._lock.close()

    def _listen(self) -> None:
        while not self._stopping.is_set():
            try:
                connected, _ = self._socket.accept()
            except OSError:
                # The client is gone again, or this process has too many files open: that passes.
                self._stopping.wait(PAUSE_S)
                continue
            wire = Wire(connected)
            serving = threading.Thread(target=self._serve, args=(wire,), name="segur-client", daemon=True)
            with self._changing:
                try:
                    serving.start()
                except RuntimeError:
                    # The system gives no further thread.
                    wire.close()
                else:
                    self._wires.add(wire)
                    self._serving.add(serving)

    def _serve(self, wire: Wire) -> None:
        conversation: Conversation | None = None
        try:
            while True:
                message = wire.receive()
                match message:
                    case {"verb": str(verb), "arguments": dict(arguments)} if (
                        conversation is None or conversation.answered_whole
                    ):
                        conversation = Conversation(wire)
                        self._begin(wire, verb, arguments, conversation)
                    case {"answer": str() | None as answer} if conversation is not None:
                        conversation.answered(answer)
                    case _:
                        return
        except Broken:
            return
        finally:
            if conversation is not None:
                conversation.left()
            with self._changing:
                self._wires.discard(wire)
                self._serving.discard(threading.current_thread())
            wire.close()

    def _begin(self, wire: Wire, verb: str, arguments: dict[str, Any], conversation: Conversation) -> None:
        """Carry a verb out in a thread of its own: this one listens to the client meanwhile."""

        def carry_out() -> None:
            try:
                answer = {"value": self._carried_out(verb, arguments, conversation)}
            except SegurError as failure:
                answer = _told(failure, self._messages)
            except Exception as failure:  # noqa: BLE001 - a client must not end the host
                answer = _told(write_report(failure), self._messages)
            # Before it is sent: the next verb may come as soon as this one is answered.
            conversation.answered_whole = True
            with suppress(Broken):
                wire.send(answer)
            with self._changing:
                self._serving.discard(threading.current_thread())

        working = threading.Thread(target=carry_out, name="segur-verb", daemon=True)
        with self._changing:
            # Nobody would wait for it any more.
            if self._stopping.is_set():
                raise Broken
            try:
                working.start()
            except RuntimeError:
                # The system gives no further thread.
                raise Broken from None
            self._serving.add(working)

    def _carried_out(self, verb: str, arguments: dict[str, Any], conversation: Conversation) -> Any:
        known = self._verbs.get(verb)
        if known is None:
            raise InputError("resident.verb_unknown")
        return known(arguments, conversation)


def _told(failure: SegurError, messages: Mapping[str, UserMessage]) -> dict[str, Any]:
    return {"error": as_json(failure, messages), "kind": type(failure).__name__}
