using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Sidestep.Control.Health;
using Sidestep.Engine.Xdp;
using Sidestep.Forwarding;
using Sidestep.Model;

namespace Sidestep.Daemon.Probes;

/// <summary>Probes by the kernel's own sockets. Those through the DSR path have the mark of their server, which leads them to the
/// program that encapsulates them; their answers come back to this machine plainly, with the VIP as source, or the kernel finds no
/// socket for them.</summary>
internal sealed class DsrProbePath : IProbePath
{
    private readonly ConcurrentDictionary<(GroupKey, IPAddress), Way> _ways = new();
    private Dictionary<GroupKey, ServerGroup> _groups = [];

    /// <summary>Takes over the servers of tables that have come into force.</summary>
    /// <param name="tables">The tables.</param>
    /// <param name="idOf">The number of a server among them.</param>
    internal void Follow(ForwardingTables tables, Func<GroupKey, ServerEntry, int?> idOf)
    {
        var groups = tables.Groups.ToDictionary(static g => g.Key);
        foreach (var (key, former) in _groups)
        {
            if (ReferenceEquals(groups.GetValueOrDefault(key), former))
                continue;
            var stay = groups.GetValueOrDefault(key)?.Servers.Select(static s => s.Address).ToHashSet() ?? [];
            foreach (var server in former.Servers.Where(s => !stay.Contains(s.Address)))
                _ways.TryRemove((key, server.Address), out _);
        }
        foreach (var (key, group) in groups)
        {
            if (ReferenceEquals(_groups.GetValueOrDefault(key), group))
                continue;
            foreach (var server in group.Servers)
                _ways[(key, server.Address)] = new Way(idOf(key, server), server.NextHop, server.Way ?? key.Way, server.Obstacle);
        }
        _groups = groups;
    }

    /// <inheritdoc/>
    public int? RoomOf(GroupKey group, IPAddress server) =>
        _ways.GetValueOrDefault((group, server)) is { Hop: { IsLocal: false } hop } way ? hop.Egress.MtuBytes - OuterBytes(way.Means, server) : null;

    /// <inheritdoc/>
    public async Task<ProbeOutcome> ProbeAsync(Check check, CancellationToken cancellation)
    {
        var key = check.Key;
        var end = new ProbeEnd(key.Target, key.Port, null, 0);
        if (key.ThroughDsrPath && Problem(key.Group, key.Address, key.Target, key.Port, out end) is { } problem)
            return problem;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(check.Monitor.Timeout);
        try
        {
            return await AskAsync(end, check, limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return ProbeOutcome.Bad(string.Create(CultureInfo.InvariantCulture, $"no answer within {check.Monitor.Timeout.TotalSeconds} s"));
        }
        catch (SocketException e)
        {
            return IsOwn(e.SocketErrorCode) ? ProbeOutcome.NotAsked($"the director cannot ask: {e.Message}") : ProbeOutcome.Bad(e.Message);
        }
        catch (IOException e)
        {
            return ProbeOutcome.Bad(e.Message);
        }
    }

    /// <inheritdoc/>
    public async Task<bool> EchoAsync(GroupKey group, IPAddress server, IPAddress vip, int datagramBytes, TimeSpan timeout, CancellationToken cancellation)
    {
        if (Problem(group, server, vip, 0, out var end) is not null)
            return false;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(timeout);
        try
        {
            await EchoProbe.RunAsync(end, datagramBytes, limit.Token).ConfigureAwait(false);
            return true;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return false;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static async Task<ProbeOutcome> AskAsync(ProbeEnd end, Check check, CancellationToken cancellation)
    {
        var monitor = check.Monitor;
        switch (monitor.Type)
        {
            case MonitorType.Tcp:
                return await TcpProbe.RunAsync(end, monitor, cancellation).ConfigureAwait(false);
            case MonitorType.Udp:
                return await UdpProbe.RunAsync(end, monitor, cancellation).ConfigureAwait(false);
            case MonitorType.Http or MonitorType.Https:
                return await HttpProbe.RunAsync(end, monitor, cancellation).ConfigureAwait(false);
            case MonitorType.Dns:
                return await DnsProbe.RunAsync(end, monitor.Dns!, cancellation).ConfigureAwait(false);
            case MonitorType.Icmp:
                await EchoProbe.RunAsync(end, 0, cancellation).ConfigureAwait(false);
                return ProbeOutcome.Good;
            case MonitorType.Command:
                return await CommandProbe.RunAsync(end, check, cancellation).ConfigureAwait(false);
            default:
                throw new InvalidOperationException($"{monitor.Type}");
        }
    }

    /// <summary>Why a probe cannot go through the DSR path, or null and how it can.</summary>
    private ProbeOutcome? Problem(GroupKey group, IPAddress server, IPAddress vip, int port, out ProbeEnd end)
    {
        end = default;
        if (_ways.GetValueOrDefault((group, server)) is not { Id: { } id } way)
            return ProbeOutcome.NotAsked("the server is not in the tables yet");
        if (way.Hop is not { } hop)
            return ProbeOutcome.Bad(way.Obstacle ?? "no next hop is known");
        if (hop.IsLocal)
            return ProbeOutcome.Exempt("the director itself is the server");
        var isIpv4 = vip.AddressFamily == AddressFamily.InterNetwork;
        if ((isIpv4 ? hop.Egress.Address : hop.Egress.Address6) is not { } source)
            return ProbeOutcome.NotAsked($"{hop.Egress.Name} has no {(isIpv4 ? "IPv4" : "global IPv6")} address that an answer could come back to: give it one");
        end = new ProbeEnd(vip, port, source, ProbeFilter.Mark | (uint)id);
        return null;
    }

    /// <summary>Errors that say something of this machine and nothing of the server.</summary>
    private static bool IsOwn(SocketError error) => error is SocketError.TooManyOpenSockets or SocketError.AccessDenied or SocketError.NoBufferSpaceAvailable
        or SocketError.AddressNotAvailable or SocketError.AddressAlreadyInUse or SocketError.NetworkDown;

    private static int OuterBytes(Forwarding.Way way, IPAddress server) => way.Encapsulation is not { } encapsulation ? 0
        : (server.AddressFamily == AddressFamily.InterNetwork ? 20 : 40) + encapsulation switch
        {
            Encapsulation.Gue => 12,
            Encapsulation.Gre => 4,
            _ => 0,
        };

    private sealed record Way(int? Id, NextHop? Hop, Forwarding.Way Means, string? Obstacle);
}
