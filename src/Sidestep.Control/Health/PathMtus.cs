using System.Collections.Immutable;
using Sidestep.Forwarding;
using Sidestep.Model;

namespace Sidestep.Control.Health;

/// <summary>The path MTUs that were measured and are smaller than that of the route: the tables, the specs of agents
/// and the doctor use them instead. Safe for threads.</summary>
/// <remarks>One per server, pool and encapsulation, because of the outer headers; a server's next hop gets the
/// smallest of them. Those of an earlier daemon count until they are measured again.</remarks>
public sealed class PathMtus
{
    /// <summary>Every host takes datagrams of this many bytes (RFC 791 section 3.1). A smaller result is more probably
    /// an error, and would cost clients too much: it is only reported.</summary>
    public const int SmallestBytes = 576;

    private readonly Lock _gate = new();
    private readonly Dictionary<(GroupKey Group, VrfAddress Server), Limit> _limits = [];
    private IReadOnlyDictionary<VrfAddress, NextHop>? _source, _limited;
    private bool _isSaved = true;

    /// <summary>Takes over what an earlier daemon has measured.</summary>
    /// <param name="saved">What it saved; what cannot be read is left out.</param>
    public PathMtus(ImmutableArray<SavedPathMtu> saved = default)
    {
        foreach (var one in saved.IsDefault ? [] : saved)
        {
            if (one is not { Group: not null, Address: not null, Bytes: >= SmallestBytes }
                || !VrfAddress.TryParse(one.Address, out var server))
                continue;
            try
            {
                _limits[(GroupKey.Parse(one.Group), server)] = new Limit(one.Bytes, IsInherited: true);
            }
            catch (FormatException)
            {
                // The file of another version.
            }
        }
    }

    /// <summary>Raised, on any thread, after a path MTU has changed.</summary>
    public event Action? Changed;

    /// <summary>The next hops with the measured path MTUs, where these are smaller than those of the routes.</summary>
    public NextHops ApplyTo(NextHops nextHops)
    {
        ArgumentNullException.ThrowIfNull(nextHops);
        lock (_gate)
        {
            if (!ReferenceEquals(_source, nextHops.Servers))
                (_source, _limited) = (nextHops.Servers, Limited(nextHops.Servers));
            return ReferenceEquals(_limited, nextHops.Servers) ? nextHops : nextHops with { Servers = _limited! };
        }
    }

    /// <summary>Forgets servers that tables have no more.</summary>
    public void Retain(ForwardingTables tables)
    {
        ArgumentNullException.ThrowIfNull(tables);
        lock (_gate)
        {
            if (_limits.Count == 0)
                return;
            var present = tables.Groups.SelectMany(static g => g.Servers.Select(s => (g.Key.Shared, s.VrfAddress)))
                .ToHashSet();
            foreach (var removed in _limits.Keys.Where(k => !present.Contains(k)).ToArray())
            {
                _limits.Remove(removed);
                _isSaved = false;
            }
        }
    }

    /// <summary>What the next daemon needs; null when nothing has changed since the last call.</summary>
    public ImmutableArray<SavedPathMtu>? SaveIfChanged()
    {
        lock (_gate)
        {
            if (_isSaved)
                return null;
            _isSaved = true;
            return [.. _limits.Select(static l => new SavedPathMtu($"{l.Key.Group}", $"{l.Key.Server}", l.Value.Bytes))
                .OrderBy(static s => s.Group, StringComparer.Ordinal)
                .ThenBy(static s => s.Address, StringComparer.Ordinal)];
        }
    }

    /// <summary>True if a path is known to carry less than its route.</summary>
    internal bool IsLimited(GroupKey group, VrfAddress server)
    {
        lock (_gate)
            return _limits.ContainsKey((group, server));
    }

    /// <summary>Takes over a measurement.</summary>
    /// <param name="group">The group.</param>
    /// <param name="server">The server.</param>
    /// <param name="result">The result; without a measured path MTU, an earlier measurement of this daemon
    /// stays.</param>
    /// <param name="outerBytes">Bytes of the outer header.</param>
    internal void Record(GroupKey group, VrfAddress server, PathMtuResult result, int outerBytes)
    {
        lock (_gate)
        {
            var key = (group, server);
            var before = _limits.TryGetValue(key, out var known) ? known : (Limit?)null;
            Limit? after = result.MeasuredPathMtu is not { } measured
                ? before is { IsInherited: false } ? before : null
                : measured < result.PathMtu && measured >= SmallestBytes
                    ? new Limit(measured + outerBytes, IsInherited: false) : null;
            if (before?.Bytes == after?.Bytes)
            {
                if (after is { } same)
                    _limits[key] = same;
                return;
            }
            if (after is { } limit)
                _limits[key] = limit;
            else
                _limits.Remove(key);
            _source = null;
            _isSaved = false;
        }
        Changed?.Invoke();
    }

    private IReadOnlyDictionary<VrfAddress, NextHop> Limited(IReadOnlyDictionary<VrfAddress, NextHop> servers)
    {
        Dictionary<VrfAddress, NextHop>? limited = null;
        foreach (var server in _limits.GroupBy(static l => l.Key.Server, static l => l.Value.Bytes))
        {
            var bytes = server.Min();
            if (!servers.TryGetValue(server.Key, out var nextHop) || nextHop.IsLocal
                || nextHop.Egress.MtuBytes <= bytes)
                continue;
            limited ??= new Dictionary<VrfAddress, NextHop>(servers);
            limited[server.Key] = nextHop with
            {
                Egress = nextHop.Egress with { MtuBytes = bytes },
                LimitedRouteMtuBytes = nextHop.Egress.MtuBytes,
            };
        }
        return limited ?? servers;
    }

    /// <summary>The longest datagram of a path.</summary>
    /// <param name="Bytes">Its bytes, the outer header included.</param>
    /// <param name="IsInherited">An earlier daemon measured it.</param>
    private readonly record struct Limit(int Bytes, bool IsInherited);
}
