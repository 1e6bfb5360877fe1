using System.Net;
using System.Net.Sockets;
using Sidestep.Forwarding;
using Sidestep.Model;

namespace Sidestep.Control.Health;

/// <summary>Measures the path MTU of every server whose DSR path is up: within a second, and then every 10
/// minutes.</summary>
/// <param name="tracker">Has the servers, and receives the results.</param>
/// <param name="path">Sends the probes.</param>
/// <param name="time">The clock.</param>
/// <param name="onFault">Receives exceptions that nothing expects: each ends one measurement. Any thread.</param>
public sealed class PathMtuMonitor(HealthTracker tracker, IProbePath path, TimeProvider time, Action<Exception> onFault)
{
    private const int MaxConcurrent = 16;
    private static readonly TimeSpan MeasureInterval = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ProbeTimeout = TimeSpan.FromSeconds(1);
    private readonly Dictionary<(GroupKey, VrfAddress), (long At, int PathMtu)> _measured = [];

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

    /// <summary>Servers that were not measured within the interval, or with another MTU of the route.</summary>
    private List<(GroupKey Group, VrfAddress Server, IPAddress Vip, int PathMtu)> Due()
    {
        var due = new List<(GroupKey, VrfAddress, IPAddress, int)>();
        var present = new HashSet<(GroupKey, VrfAddress)>();
        foreach (var (group, server, _, vip) in tracker.ServersWithDsrPath())
        {
            present.Add((group, server));
            if (path.PathMtuOf(group, server) is not { } pathMtu
                || (_measured.TryGetValue((group, server), out var last)
                && last.PathMtu == pathMtu && time.GetElapsedTime(last.At) < MeasureInterval))
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
        var result = await PathMtuSearch.FindAsync(
            maxBytes, bytes => path.EchoAsync(group, server, vip, bytes, ProbeTimeout, cancellation))
            .ConfigureAwait(false);
        tracker.RecordPathMtu(group, server, result);
    }
}
