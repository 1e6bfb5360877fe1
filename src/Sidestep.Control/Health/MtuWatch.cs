using System.Net;
using System.Net.Sockets;
using Sidestep.Forwarding;

namespace Sidestep.Control.Health;

/// <summary>Measures the MTU of the way to every server whose DSR path works: soon after it does, and then now and then.</summary>
public sealed class MtuWatch(HealthBook book, IProbePath path, TimeProvider time)
{
    private const int AtOnce = 16;
    private static readonly TimeSpan Again = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(1);
    private readonly Dictionary<(GroupKey, IPAddress), (long At, int Room)> _measured = [];

    /// <summary>Runs until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        try
        {
            while (true)
            {
                await Task.Delay(Look, time, cancellation).ConfigureAwait(false);
                await Parallel.ForEachAsync(Due(), new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellation },
                    async (server, stop) => await MeasureAsync(server.Group, server.Server, server.Vip, server.Room, stop).ConfigureAwait(false))
                    .ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            // the normal end
        }
    }

    /// <summary>Those that were never measured, not for long, or by another way.</summary>
    private List<(GroupKey Group, IPAddress Server, IPAddress Vip, int Room)> Due()
    {
        var due = new List<(GroupKey, IPAddress, IPAddress, int)>();
        var present = new HashSet<(GroupKey, IPAddress)>();
        foreach (var (group, server, _, vip) in book.WithPath())
        {
            present.Add((group, server));
            if (path.RoomOf(group, server) is not { } room || (_measured.TryGetValue((group, server), out var last)
                && last.Room == room && time.GetElapsedTime(last.At) < Again))
                continue;
            _measured[(group, server)] = (time.GetTimestamp(), room);
            due.Add((group, server, vip, room));
        }
        foreach (var gone in _measured.Keys.Where(k => !present.Contains(k)).ToArray())
            _measured.Remove(gone);
        return due;
    }

    private async Task MeasureAsync(GroupKey group, IPAddress server, IPAddress vip, int room, CancellationToken cancellation)
    {
        // IPv6 has no shorter MTU than 1280, and nothing that is longer than the field for its length.
        var most = Math.Min(room, vip.AddressFamily == AddressFamily.InterNetwork ? ushort.MaxValue : ushort.MaxValue + 40);
        var finding = await MtuSearch.FindAsync(most, bytes => path.EchoAsync(group, server, vip, bytes, Timeout, cancellation)).ConfigureAwait(false);
        book.Take(group, server, finding);
    }
}
