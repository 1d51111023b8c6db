"""What a guest finds beside its CPU: RAM, virtio devices, the platform page. No device knows the time or the CPU."""
