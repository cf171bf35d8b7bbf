"""Labelled pictures of light as Raspberry Pi Ltd publishes them (raspberrypi/awb_nn): names, pixels, sensors."""
