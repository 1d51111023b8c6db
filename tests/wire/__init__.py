"""Every protocol of netvirt.wire held against scapy, and against bytes that nobody meant."""
