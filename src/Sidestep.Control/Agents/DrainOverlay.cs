using System.Collections.Immutable;
using Sidestep.Forwarding;
using Sidestep.Model;

namespace Sidestep.Control.Agents;

/// <summary>Requests to drain real servers that the operator's file has enabled. Safe for threads.</summary>
/// <remarks>It is laid over the configuration, so a drain takes the same path to the tables as a change of the
/// file.</remarks>
public sealed class DrainOverlay
{
    private readonly Lock _gate = new();
    private ImmutableHashSet<ServerDrain> _drains = [];

    /// <summary>Raised after the requests changed, on the thread that changed them.</summary>
    public event Action? Changed;

    /// <summary>The requests that are in force; empty: no source requests a drain.</summary>
    public ImmutableHashSet<ServerDrain> Drains
    {
        get
        {
            lock (_gate)
                return _drains;
        }
    }

    /// <summary>Sets or withdraws the request of one source to drain a server. A server drains while any source
    /// requests it.</summary>
    /// <param name="server">The server.</param>
    /// <param name="source">The origin of the request.</param>
    /// <param name="drains">True: drain it. False: this source no longer requests it.</param>
    public void Set(RealServerKey server, DrainSource source, bool drains)
    {
        var drain = new ServerDrain(server, source);
        lock (_gate)
        {
            var next = drains ? _drains.Add(drain) : _drains.Remove(drain);
            if (ReferenceEquals(next, _drains))
                return;
            _drains = next;
        }
        Changed?.Invoke();
    }
}
