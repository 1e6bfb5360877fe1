using System.Net;
using Sidestep.Forwarding;
using Sidestep.Model;

namespace Sidestep.Control.Health;

/// <summary>One thing that one monitor asks one server, again and again.</summary>
/// <param name="Key">Tells it from all others.</param>
/// <param name="Server">Name of the server.</param>
/// <param name="Monitor">How it asks.</param>
public sealed record Check(CheckKey Key, string Server, HealthMonitor Monitor);

/// <summary>What tells a check from all others, and stays when its monitor's settings change.</summary>
/// <param name="Group">Whose server, and how it is reached.</param>
/// <param name="Address">The server's own address.</param>
/// <param name="Monitor">Name of the monitor.</param>
/// <param name="Target">What the probe is addressed to: a VIP, or the server's own address.</param>
/// <param name="Port">0 where there are no ports.</param>
/// <param name="ThroughDsrPath">In the server's encapsulation, as clients' packets; else plainly to its own address.</param>
public readonly record struct CheckKey(GroupKey Group, IPAddress Address, string Monitor, IPAddress Target, int Port, bool ThroughDsrPath);
