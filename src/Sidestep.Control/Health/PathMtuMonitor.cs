using System.Net;
using System.Net.Sockets;
using Sidestep.Forwarding;
using Sidestep.Model;

namespace Sidestep.Control.Health;

/// <summary>Measures the path MTU of every server whose DSR path is up: within a second, and then every 10 minutes;
/// once a minute where the path carries less than the route, so that an improvement is noticed; and soon after a router
/// has reported a small MTU.</summary>
/// <param name="tracker">Has the servers, and receives the results for the status.</param>
/// <param name="pathMtus">Receives the results for the tables.</param>
/// <param name="path">Sends the probes.</param>
/// <param name="time">The clock.</param>
/// <param name="onFault">Receives exceptions that nothing expects: each ends one measurement. Any thread.</param>
public sealed class PathMtuMonitor(HealthTracker tracker, PathMtus pathMtus, IProbePath path, TimeProvider time,
    Action<Exception> onFault)
{
    private const int MaxConcurrent = 16;
    private static readonly TimeSpan MeasureInterval = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan LimitedInterval = TimeSpan.FromMinutes(1);

    /// <summary>Reports of routers cannot be trusted. They cost no more than this, and prove nothing.</summary>
    private static readonly TimeSpan ReportedInterval = TimeSpan.FromSeconds(10);

    /// <summary>Replies to the length of the route before a smaller path MTU is given up.</summary>
    private const int RaiseConfirmations = 2;
    private static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ProbeTimeout = TimeSpan.FromSeconds(1);
    private readonly Dictionary<(GroupKey, VrfAddress), (long At, int PathMtu)> _measured = [];
    private readonly Lock _gate = new();
    private HashSet<VrfAddress> _reported = [];

    /// <summary>Measures a server soon: a router has reported that a packet to it was too big. Any thread.</summary>
    public void MeasureSoon(VrfAddress server)
    {
        lock (_gate)
        {
            if (_reported.Count < Limits.RealServers)
                _reported.Add(server);
        }
    }

    /// <summary>Measures when servers are due, until cancelled; cancellation is no error.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        try
        {
            while (true)
            {
                await Task.Delay(PollInterval, time, cancellation).ConfigureAwait(false);
                await Parallel.ForEachAsync(
                    Due(),
                    new ParallelOptions { MaxDegreeOfParallelism = MaxConcurrent, CancellationToken = cancellation },
                    async (server, stop) =>
                        await TryMeasureAsync(server.Group, server.Server, server.Vip, server.PathMtu, stop)
                            .ConfigureAwait(false))
                    .ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            // the normal end
        }
    }

    private HashSet<VrfAddress> TakeReported()
    {
        lock (_gate)
        {
            var reported = _reported;
            _reported = [];
            return reported;
        }
    }

    /// <summary>Servers that were not measured within the interval, or with another MTU of the route.</summary>
    private List<(GroupKey Group, VrfAddress Server, IPAddress Vip, int PathMtu)> Due()
    {
        var due = new List<(GroupKey, VrfAddress, IPAddress, int)>();
        var present = new HashSet<(GroupKey, VrfAddress)>();
        var reported = TakeReported();
        foreach (var (group, server, _, vip) in tracker.ServersWithDsrPath())
        {
            present.Add((group, server));
            if (path.PathMtuOf(group, server) is not { } pathMtu
                || (_measured.TryGetValue((group, server), out var last)
                && last.PathMtu == pathMtu && time.GetElapsedTime(last.At) is var elapsed
                && elapsed < (reported.Contains(server) ? ReportedInterval
                    : pathMtus.IsLimited(group, server) ? LimitedInterval : MeasureInterval)))
                continue;
            _measured[(group, server)] = (time.GetTimestamp(), pathMtu);
            due.Add((group, server, vip, pathMtu));
        }
        foreach (var removed in _measured.Keys.Where(k => !present.Contains(k)).ToArray())
            _measured.Remove(removed);
        return due;
    }

    private async Task TryMeasureAsync(
        GroupKey group, VrfAddress server, IPAddress vip, int pathMtu, CancellationToken cancellation)
    {
        try
        {
            await MeasureAsync(group, server, vip, pathMtu, cancellation).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // the other servers are measured all the same
        catch (Exception e) when (e is not OperationCanceledException || !cancellation.IsCancellationRequested)
#pragma warning restore CA1031
        {
            onFault(e);
        }
    }

    private async Task MeasureAsync(
        GroupKey group, VrfAddress server, IPAddress vip, int pathMtu, CancellationToken cancellation)
    {
        // IPv4's total length includes the header (RFC 791, section 3.1); IPv6's payload length excludes its 40 bytes
        // (RFC 8200, section 3).
        var longest = vip.AddressFamily == AddressFamily.InterNetwork ? ushort.MaxValue : ushort.MaxValue + 40;
        var maxBytes = Math.Min(pathMtu, longest);
        Task<bool> Passes(int bytes) => path.EchoAsync(group, server, vip, bytes, ProbeTimeout, cancellation);
        var result = await PathMtuSearch.FindAsync(maxBytes, Passes).ConfigureAwait(false);
        if (result.MeasuredPathMtu == maxBytes && pathMtus.IsLimited(group, server))
        {
            for (var i = 0; i < RaiseConfirmations; i++)
            {
                // The next measurement decides.
                if (!await Passes(maxBytes).ConfigureAwait(false))
                    return;
            }
        }
        pathMtus.Record(group, server, result, path.OuterBytesOf(group, server));
        // The path MTU in force is still the one that was measured before.
        if (result.MeasuredPathMtu is null && pathMtus.IsLimited(group, server))
            return;
        tracker.RecordPathMtu(group, server, result);
    }
}
