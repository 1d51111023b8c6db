"""VIRTIO 1.2 devices over virtio-mmio, with split virtqueues; whatever the driver writes is distrusted."""
