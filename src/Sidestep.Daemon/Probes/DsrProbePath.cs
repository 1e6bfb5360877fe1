using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Sidestep.Control.Health;
using Sidestep.Daemon.Doctor;
using Sidestep.Daemon.Frames;
using Sidestep.Engine.Xdp;
using Sidestep.Forwarding;
using Sidestep.Model;
using Sidestep.Native;

namespace Sidestep.Daemon.Probes;

/// <summary>Sends probes by the kernel's sockets. Probes through the DSR path have the mark of their server, which
/// leads them to the filter that encapsulates them. Their replies come back to this machine without encapsulation and
/// with the VIP as source; the kernel finds no socket for any other reply.</summary>
/// <remarks>A probe that fails while the link of the director carries no frames says nothing about the
/// server.</remarks>
/// <param name="links">The director's own links.</param>
/// <param name="time">The clock of <paramref name="links"/>.</param>
internal sealed class DsrProbePath(ILinkState links, TimeProvider time) : IProbePath
{
    /// <summary>The flow of all echo requests that pass the probe filter by.</summary>
    private const int EchoFlow = 0;

    private readonly ConcurrentDictionary<(GroupKey, VrfAddress), ServerPath> _paths = new();
    private Dictionary<GroupKey, ServerGroup> _groups = [];

    /// <summary>Takes over the servers of tables that have come into force. Called by one thread at a time.</summary>
    /// <param name="tables">The tables.</param>
    /// <param name="idOf">Returns the number by which the probe filter knows a server; null: it has none.</param>
    internal void Update(ForwardingTables tables, Func<GroupKey, ServerEntry, int?> idOf)
    {
        // The groups of a pool have the same servers: a probe may take the id of any of them.
        var groups = tables.Groups.DistinctBy(static g => g.Key.Shared).ToDictionary(static g => g.Key.Shared);
        foreach (var (key, previous) in _groups)
        {
            if (ReferenceEquals(groups.GetValueOrDefault(key), previous))
                continue;
            var remaining = groups.GetValueOrDefault(key)?.Servers.Select(static s => s.VrfAddress).ToHashSet() ?? [];
            foreach (var server in previous.Servers.Where(s => !remaining.Contains(s.VrfAddress)))
                _paths.TryRemove((key, server.VrfAddress), out _);
        }
        foreach (var (key, group) in groups)
        {
            if (ReferenceEquals(_groups.GetValueOrDefault(key), group))
                continue;
            foreach (var server in group.Servers)
                _paths[(key, server.VrfAddress)] = new ServerPath(idOf(group.Key, server), server.NextHop,
                    server.Encap ?? key.Encap, server.Obstacle);
        }
        _groups = groups;
        foreach (var egress in tables.Interfaces)
            links.Watch(egress.Index);
    }

    /// <inheritdoc/>
    public int? PathMtuOf(GroupKey group, VrfAddress server) =>
        _paths.GetValueOrDefault((group, server)) is { NextHop: { IsLocal: false } nextHop } path
        ? nextHop.RouteMtuBytes - path.Encap.Mode.OverheadBytes(server.Address.AddressFamily) : null;

    /// <inheritdoc/>
    public int OuterBytesOf(GroupKey group, VrfAddress server) =>
        _paths.GetValueOrDefault((group, server))?.Encap.Mode.OverheadBytes(server.Address.AddressFamily) ?? 0;

    /// <inheritdoc/>
    public async Task<ProbeResult> ProbeAsync(Check check, CancellationToken cancellation)
    {
        var key = check.Key;
        var endpoint = new ProbeEndpoint(key.Target, key.Port, null, 0);
        if (key.ThroughDsrPath
            && ResolveEndpoint(key.Group, key.Address, key.Target, key.Port, out endpoint) is { } problem)
            return problem;
        var start = time.GetTimestamp();
        var result = await ProbeAsync(endpoint, check, cancellation).ConfigureAwait(false);
        return result.Kind == ProbeResultKind.Failure && Interruption(key, start) is { } reason
            ? ProbeResult.NotSent($"the director cannot reach the server: {reason}") : result;
    }

    private string? Interruption(CheckKey key, long since) =>
        _paths.GetValueOrDefault((key.Group, key.Address))?.NextHop is { IsLocal: false } nextHop
            ? links.Interruption(nextHop.Egress.Index, since) : null;

    private static async Task<ProbeResult> ProbeAsync(ProbeEndpoint endpoint, Check check,
        CancellationToken cancellation)
    {
        if (check.Monitor.Type != MonitorType.Command)
            return await RunWithTimeoutAsync(endpoint, check, cancellation).ConfigureAwait(false);
        if (!await CommandProbe.TryEnterAsync(check.Monitor.Timeout, cancellation).ConfigureAwait(false))
        {
            return ProbeResult.NotSent(string.Create(CultureInfo.InvariantCulture,
                $"not run, because {CommandProbe.MaxConcurrent} other commands were running"));
        }
        try
        {
            return await RunWithTimeoutAsync(endpoint, check, cancellation).ConfigureAwait(false);
        }
        finally
        {
            CommandProbe.Exit();
        }
    }

    private static async Task<ProbeResult> RunWithTimeoutAsync(ProbeEndpoint endpoint, Check check,
        CancellationToken cancellation)
    {
        using var timeLimit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        timeLimit.CancelAfter(check.Monitor.Timeout);
        var progress = new ProbeProgress();
        try
        {
            return await RunProbeAsync(endpoint, check, progress, timeLimit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return FailureOf(progress, string.Create(CultureInfo.InvariantCulture,
                $"no reply within {check.Monitor.Timeout.TotalSeconds} s"));
        }
        catch (SocketException e)
        {
            return IsLocalError(e.SocketErrorCode)
                ? ProbeResult.NotSent($"the director cannot send the probe: {e.Message}")
                : FailureOf(progress, e.Message);
        }
        catch (IOException e)
        {
            return FailureOf(progress, e.Message);
        }
    }

    private static ProbeResult FailureOf(ProbeProgress progress, string reason) => progress.IsConnected
        ? ProbeResult.WrongAnswer($"{reason}, after the server accepted the connection") : ProbeResult.Failure(reason);

    /// <inheritdoc/>
    public async Task<bool> EchoAsync(GroupKey group, VrfAddress server, IPAddress vip, int datagramBytes,
        TimeSpan timeout, CancellationToken cancellation)
    {
        if (ResolveEndpoint(group, server, vip, 0, out var endpoint) is not null)
            return false;
        using var timeLimit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        timeLimit.CancelAfter(timeout);
        try
        {
            if (_paths.GetValueOrDefault((group, server)) is { NextHop.LimitedRouteMtuBytes: not null } path
                && datagramBytes > path.NextHop.Egress.MtuBytes - OuterBytesOf(group, server))
            {
                // The probe filter drops what exceeds the tables.
                using var frames = new SentFrames();
                await EchoProbe.RunAsync(endpoint, datagramBytes, packet => new ProbeSender(frames)
                    .Send(path.NextHop, path.Encap, server.Address, packet, EchoFlow), timeLimit.Token)
                    .ConfigureAwait(false);
                return true;
            }
            await EchoProbe.RunAsync(endpoint, datagramBytes, timeLimit.Token).ConfigureAwait(false);
            return true;
        }
        catch (NativeException)
        {
            return false;
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

    private static async Task<ProbeResult> RunProbeAsync(ProbeEndpoint endpoint, Check check,
        ProbeProgress progress, CancellationToken cancellation)
    {
        var monitor = check.Monitor;
        switch (monitor.Type)
        {
            case MonitorType.Tcp:
                return await TcpProbe.RunAsync(endpoint, monitor, progress, cancellation).ConfigureAwait(false);
            case MonitorType.Udp:
                return await UdpProbe.RunAsync(endpoint, monitor, cancellation).ConfigureAwait(false);
            case MonitorType.Http or MonitorType.Https:
                return await HttpProbe.RunAsync(endpoint, monitor, progress, cancellation).ConfigureAwait(false);
            case MonitorType.Dns:
                return await DnsProbe.RunAsync(endpoint, monitor.Dns!, cancellation).ConfigureAwait(false);
            case MonitorType.Icmp:
                await EchoProbe.RunAsync(endpoint, 0, cancellation).ConfigureAwait(false);
                return ProbeResult.Success;
            case MonitorType.Command:
                return await CommandProbe.RunAsync(endpoint, check, cancellation).ConfigureAwait(false);
            default:
                throw new InvalidOperationException($"{monitor.Type}");
        }
    }

    /// <summary>Resolves the endpoint of a probe through the DSR path.</summary>
    /// <returns>The result without a probe; null: the endpoint is valid.</returns>
    private ProbeResult? ResolveEndpoint(GroupKey group, VrfAddress server, IPAddress vip, int port,
        out ProbeEndpoint endpoint)
    {
        endpoint = default;
        if (_paths.GetValueOrDefault((group, server)) is not { Id: { } id } path)
            return ProbeResult.NotSent("the server is not in the forwarding tables yet");
        if (path.NextHop is not { } nextHop)
        {
            // A server that does not answer ARP has failed. A director without a link has not asked.
            return path.Obstacle is null && links.ErrorTo(server.Address) is { } error
                ? ProbeResult.NotSent($"the director cannot reach the server: {error}")
                : ProbeResult.Failure(path.Obstacle ?? "no next hop is known");
        }
        if (nextHop.IsLocal)
            return ProbeResult.Exempt("the director itself is the server");
        var isIpv4 = vip.AddressFamily == AddressFamily.InterNetwork;
        if ((isIpv4 ? nextHop.Egress.Address : nextHop.Egress.Address6) is not { } source)
            return ProbeResult.NotSent(
                $"{nextHop.Egress.Name} has no {(isIpv4 ? "IPv4" : "global IPv6")} address for replies: give it one");
        endpoint = new ProbeEndpoint(vip, port, source, ProbeFilter.Mark | (uint)id);
        return null;
    }

    /// <summary>True: the error is one of this machine, and says nothing about the server.</summary>
    private static bool IsLocalError(SocketError error) =>
        error is SocketError.TooManyOpenSockets or SocketError.AccessDenied or SocketError.NoBufferSpaceAvailable
        or SocketError.AddressNotAvailable or SocketError.AddressAlreadyInUse or SocketError.NetworkDown
        or SocketError.NetworkUnreachable;

    private sealed record ServerPath(int? Id, NextHop? NextHop, Forwarding.Encap Encap, string? Obstacle);
}
