using System.Net;

namespace Sidestep.Api.Flows;

/// <summary>A tracked flow.</summary>
/// <param name="Service">Name of its service.</param>
/// <param name="Protocol"><c>tcp</c>, <c>udp</c> and similar, or the number of the IP protocol.</param>
/// <param name="Client">The client's address.</param>
/// <param name="ClientPort">The client's port; 0: the protocol has none.</param>
/// <param name="Vip">The VIP.</param>
/// <param name="VipPort">The port of the VIP; 0: the protocol has none.</param>
/// <param name="Server">Name of the real server.</param>
/// <param name="Address">Address of the real server.</param>
/// <param name="Pool">Pool of the real server.</param>
/// <param name="Encap">Encapsulation to the real server.</param>
/// <param name="IdleSeconds">Seconds since its last packet.</param>
/// <param name="AgeSeconds">Seconds since it was inserted.</param>
public sealed record FlowRecord(string Service, string Protocol, IPAddress Client, int ClientPort, IPAddress Vip,
    int VipPort, string Server, IPAddress Address, string Pool, string Encap, double IdleSeconds, double AgeSeconds);
