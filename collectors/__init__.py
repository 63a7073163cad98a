"""The outside world -> :class:`collectors.base.Mention`."""
