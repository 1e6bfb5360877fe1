using System.Globalization;
using System.Net;
using Sidestep.Native;
using Sidestep.Native.Netlink;

namespace Sidestep.Daemon.Probes;

/// <summary>Whether the director's own links can carry probes. Safe for threads.</summary>
internal interface ILinkState
{
    /// <summary>Reads the state of an interface for the first time, so that a later look has something to compare
    /// with.</summary>
    void Watch(int interfaceIndex);

    /// <summary>Why frames of an interface may have been lost on this machine since a time; null: its link was there
    /// all the time.</summary>
    /// <param name="interfaceIndex">The kernel's index.</param>
    /// <param name="since">A time stamp of the clock.</param>
    string? Interruption(int interfaceIndex, long since);

    /// <summary>Why this machine cannot reach an address now: it has no route, or the link of the route does not carry
    /// frames. Null: it can, or it is not known.</summary>
    string? ErrorTo(IPAddress address);
}

/// <summary>The state of links as the kernel reports it. It is read only when a probe has failed, and compared with the
/// last look: a link that was lost and is back has another number of carrier changes.</summary>
/// <param name="network">The kernel; disposed with this object.</param>
/// <param name="time">The clock of time stamps.</param>
internal sealed class LinkState(ILinkQueries network, TimeProvider time) : ILinkState, IDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<int, (uint Changes, long ChangedAt)> _seen = [];

    public void Watch(int interfaceIndex)
    {
        lock (_gate)
        {
            if (!_seen.ContainsKey(interfaceIndex))
                Read(interfaceIndex, time.GetTimestamp());
        }
    }

    public string? Interruption(int interfaceIndex, long since)
    {
        lock (_gate)
            return Read(interfaceIndex, since);
    }

    public string? ErrorTo(IPAddress address)
    {
        lock (_gate)
        {
            try
            {
                return Read(network.FindRoute(address).InterfaceIndex, time.GetTimestamp());
            }
            catch (NativeException e)
            {
                return e.Message;
            }
        }
    }

    public void Dispose() => network.Dispose();

    private string? Read(int interfaceIndex, long since)
    {
        try
        {
            if (network.Find(interfaceIndex) is not { } link)
                return string.Create(CultureInfo.InvariantCulture, $"interface {interfaceIndex} is gone");
            if (link.Problem is { } problem)
                return problem;
            var isKnown = _seen.TryGetValue(interfaceIndex, out var seen);
            if (!isKnown || seen.Changes != link.CarrierChanges)
            {
                seen = (link.CarrierChanges, isKnown ? time.GetTimestamp() : long.MinValue);
                _seen[interfaceIndex] = seen;
            }
            return seen.ChangedAt >= since ? $"interface '{link.Name}' had no carrier" : null;
        }
        catch (NativeException)
        {
            return null; // It is not known; the result of the probe counts.
        }
    }
}

/// <summary>What <see cref="LinkState"/> asks the kernel. Every method throws <see cref="NativeException"/> when the
/// kernel refuses.</summary>
internal interface ILinkQueries : IDisposable
{
    /// <summary>An interface; null: it is gone.</summary>
    InterfaceInfo? Find(int interfaceIndex);

    /// <summary>The route to a destination.</summary>
    Route FindRoute(IPAddress destination);
}

/// <summary>The questions by netlink.</summary>
internal sealed class NetlinkLinkQueries : ILinkQueries
{
    private readonly NetlinkSocket _socket = NetlinkSocket.Open();

    public InterfaceInfo? Find(int interfaceIndex) => Interfaces.Find(_socket, interfaceIndex);

    public Route FindRoute(IPAddress destination) => Routes.Find(_socket, destination);

    public void Dispose() => _socket.Dispose();
}
