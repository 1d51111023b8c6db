"""ns-3 through its Python wheel: point-to-point links and UDP, the loop itself in C++."""

from functools import cache
from typing import Any

from benchmarks.peers import serve

PACKETS = 50_000
LINKS = 4

_CHAIN = """
using namespace ns3;
static uint64_t dcsim_received = 0;
double dcsim_chain(int packets, int links) {
  NodeContainer nodes; nodes.Create(links + 1);
  PointToPointHelper wire;
  wire.SetDeviceAttribute("DataRate", StringValue("10Gbps"));
  wire.SetChannelAttribute("Delay", StringValue("100us"));
  InternetStackHelper stack; stack.Install(nodes);
  Ipv4AddressHelper addresses; addresses.SetBase("10.1.0.0", "255.255.255.0");
  Ipv4InterfaceContainer last;
  for (int i = 0; i < links; i++) {
    auto devices = wire.Install(nodes.Get(i), nodes.Get(i + 1));
    last = addresses.Assign(devices);
    addresses.NewNetwork();
  }
  Ipv4GlobalRoutingHelper::PopulateRoutingTables();
  PacketSinkHelper sink("ns3::UdpSocketFactory", InetSocketAddress(Ipv4Address::GetAny(), 9));
  auto sinks = sink.Install(nodes.Get(links)); sinks.Start(Seconds(0));
  UdpClientHelper client(last.GetAddress(1), 9);
  client.SetAttribute("MaxPackets", UintegerValue(packets));
  client.SetAttribute("Interval", TimeValue(MicroSeconds(10)));
  client.SetAttribute("PacketSize", UintegerValue(458));
  auto clients = client.Install(nodes.Get(0)); clients.Start(Seconds(0.1));
  Simulator::Stop(Seconds(0.2 + packets * 10e-6));
  auto begin = std::chrono::steady_clock::now();
  Simulator::Run();
  double took = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  dcsim_received = DynamicCast<PacketSink>(sinks.Get(0))->GetTotalRx() / 458;
  Simulator::Destroy();
  return took;
}
uint64_t dcsim_chain_received() { return dcsim_received; }
"""


@cache
def _compiled() -> Any:
    from ns import ns

    ns.cppyy.cppdef(_CHAIN)
    return ns.cppyy.gbl


def hops_per_second(packets: int = PACKETS) -> float:
    cpp = _compiled()
    took = float(cpp.dcsim_chain(packets, LINKS))
    received = int(cpp.dcsim_chain_received())
    assert received == packets, f"ns-3 delivered {received} of {packets}"
    return packets * LINKS / took


if __name__ == "__main__":
    serve(hops_per_second)
