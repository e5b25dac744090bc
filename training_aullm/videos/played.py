"""When a player shows a frame, for what is seen over the video: subtitles and ELAN's marks.

    played = Played.of(open_clip("slow.mp4"), fps=200)
    played.seconds(100)  # 3.33: the camera filmed 200 frames a second, the file shows 30
    played.frame(3.33)  # 100

A player's clock starts with whatever begins first, picture or sound, and ticks at the file's own rate. All other times
count from the first frame and are those of the camera.

Tested in tests/training_aullm/videos/test_annotations.py.
"""

from dataclasses import dataclass
from math import floor

from processing_aullm.video_aullm import Clip


@dataclass(frozen=True)
class Played:
    """How a player goes through the frames.

    Args:
        fps: frames that it shows per second.
        late: seconds that it waits before it shows the first one.
    """

    fps: float
    late: float = 0.0

    @classmethod
    def of(cls, clip: Clip, fps: float) -> "Played":
        """As the file says; `fps` where it does not."""
        return cls(clip.fps or fps, clip.late)

    def seconds(self, frame: int) -> float:
        """When a frame is shown."""
        return frame / self.fps + self.late

    def frame(self, seconds: float) -> int:
        """The frame that is shown then; times are whole milliseconds, so that one may begin that much earlier."""
        early = min(self.fps / 1000, 0.5)  # a millisecond in frames, and never nearer to the frame before
        return floor((seconds - self.late) * self.fps + early)
