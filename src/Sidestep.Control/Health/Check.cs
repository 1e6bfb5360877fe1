using System.Net;
using Sidestep.Forwarding;
using Sidestep.Model;

namespace Sidestep.Control.Health;

/// <summary>A probe that one monitor sends to one server periodically.</summary>
/// <param name="Key">Monitor, server and target, which identify the check.</param>
/// <param name="Server">Name of the server.</param>
/// <param name="Monitor">The settings of the probe.</param>
public sealed record Check(CheckKey Key, string Server, HealthMonitor Monitor)
{
    /// <summary>True if the server had no traffic when the check was listed: it gets traffic only after the check has a
    /// status. Otherwise the monitor's interval
    /// applies from the beginning.</summary>
    public bool IsForAdmission { get; init; } = true;
}

/// <summary>The identity of a check. It stays the same when the settings of the monitor change.</summary>
/// <param name="Group">The pool of the server and the encapsulation in which packets reach it, without a service: those
/// that have the same target share the check.</param>
/// <param name="Address">The server's own address.</param>
/// <param name="Monitor">Name of the monitor.</param>
/// <param name="Target">Destination of the probe: a VIP, or the server's own address.</param>
/// <param name="Port">Destination port; 0 where there are no ports.</param>
/// <param name="ThroughDsrPath">True: in the encapsulation of clients' packets. False: as an ordinary packet to the
/// server's own address.</param>
public readonly record struct CheckKey(
    GroupKey Group, VrfAddress Address, string Monitor, IPAddress Target, int Port, bool ThroughDsrPath);
