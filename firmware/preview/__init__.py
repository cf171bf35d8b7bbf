"""The live picture: frames of the ring, binned to about 3 megapixels, developed at a chosen rate, the newest kept.

picamera2 gives one raw stream for each camera, and a second stream is the board's own image processor's picture, not
ours. So the preview is made from the frames that the photos are made from, and shows what a photo would look like.
In modes that blur, a thread beside it looks for the subject, and each picture is blurred by what the last looks found.
Photos come first: no frame is begun while one is in work, frames are dropped and never queued, and whatever goes wrong
here is told in `nightjar status` and goes no further.
"""
