"""How fast the line to a page is, as far as its acknowledgements tell.

Nothing else tells: what is sent is taken by the kernel, a proxy or a router at once, megabytes of it, and waits there.
But a page acknowledges each frame when it has drawn it, and then all that was sent before has arrived. How much arrives
between two such moments, and in what time, is what the line and the page together can do. The time is taken over at
least one whole way there and back, and no shorter than that in which it was sent, so acknowledgements that come late or
in a bunch do not make a line look fast. Of the latest few samples the second best counts: a line that had little to
carry, or a page that was hidden, says little, and a single one may be chance.
"""

from collections import deque
from dataclasses import dataclass

FIRST_RATE = 200_000.0  # bytes a second, until there are a few samples
FEW = 3
LATEST = 8  # samples of which the second best counts


@dataclass(frozen=True)
class Mark:
    """A frame on its way."""

    number: int
    end: int  # bytes that have been sent with it and before it,
    sent_at: float  # and when
    arrived: int  # bytes that had arrived by then,
    arrived_at: float  # when that was known,
    before_at: float  # and when the last of them were sent


class Line:
    """What is on its way to one page, and how fast it goes."""

    def __init__(self) -> None:
        self.frames: deque[Mark] = deque()  # not acknowledged yet
        self.frame_size = 0  # bytes of the latest frame
        self.sent = 0  # bytes
        self._arrived = 0
        self._arrived_at = 0.0
        self._before_at = 0.0
        self._clear_at = 0.0  # when all will have arrived, by the rate
        self._rates: deque[float] = deque(maxlen=LATEST)
        self.rate = FIRST_RATE  # bytes a second

    def send(self, size: int, now: float) -> None:
        """Something is sent."""
        if not self.frames and now >= self._clear_at:
            self._arrived, self._arrived_at, self._before_at = self.sent, now, now
        self.sent += size
        self._clear_at = max(self._clear_at, now) + size / self.rate

    def send_frame(self, number: int, size: int, now: float) -> None:
        """A frame is sent, to be acknowledged by its number."""
        self.send(size, now)
        self.frame_size = size
        self.frames.append(Mark(number, self.sent, now, self._arrived, self._arrived_at, self._before_at))

    def acknowledge(self, number: int, now: float) -> None:
        """A frame has been drawn, and with it all before; numbers of none that is on its way mean nothing."""
        mark = None
        while self.frames and self.frames[0].number <= number:
            mark = self.frames.popleft()
        if mark:
            seconds = max(now - mark.arrived_at, mark.sent_at - mark.before_at, 1e-6)
            self._rates.append((mark.end - mark.arrived) / seconds)
            if len(self._rates) >= FEW:
                self.rate = sorted(self._rates)[-2]
            self._arrived, self._arrived_at, self._before_at = mark.end, now, mark.sent_at

    def seconds(self, size: int) -> float:
        """How long it takes until so many more bytes have arrived."""
        return (self.sent - self._arrived + size) / self.rate
