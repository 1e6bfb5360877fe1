using System.Net;
using Sidestep.Control.Doctor;
using Sidestep.Forwarding;

namespace Sidestep.Daemon.Doctor;

/// <summary>A path of which the largest packet is looked for.</summary>
internal sealed class PacketSizeSearch
{
    internal required NextHop NextHop { get; init; }

    internal required Encap Encap { get; init; }

    internal required IPAddress Server { get; init; }

    internal required IPAddress Vip { get; init; }

    /// <summary>Bytes of the inner packet that fit by the director's interface.</summary>
    internal required int ExpectedBytes { get; init; }

    internal PacketSizeEvidence? Evidence => _passedBytes is { } passed ? new PacketSizeEvidence(ExpectedBytes, passed, RouterReport) : new PacketSizeEvidence(ExpectedBytes, null, RouterReport);

    internal string? RouterReport { get; set; }

    private int? _passedBytes;
    private int _failedBytes;

    internal bool IsComplete => _passedBytes is { } passed ? passed >= ExpectedBytes || _failedBytes - passed <= PacketSizeProber.GranularityBytes : _failedBytes > 0 && _failedBytes <= PacketSizeProber.SmallBytes;

    /// <summary>What to try next: all, then little, then halves.</summary>
    internal int NextBytes => _failedBytes == 0 ? ExpectedBytes : _passedBytes is { } passed ? passed + (_failedBytes - passed) / 2 : PacketSizeProber.SmallBytes;

    /// <summary>An answer that comes late counts: what had been taken for lost was not too big.</summary>
    internal void RecordReply(int size)
    {
        _passedBytes = Math.Max(_passedBytes ?? 0, size);
        if (_failedBytes > 0 && _failedBytes <= _passedBytes)
            _failedBytes = _passedBytes < ExpectedBytes ? ExpectedBytes : 0;
    }

    internal void RecordLoss(int size) => _failedBytes = _failedBytes == 0 ? size : Math.Min(_failedBytes, size);
}

/// <summary>Finds the largest packet that passes to a VIP through its encapsulation and is answered, by echo requests with DF.</summary>
internal static class PacketSizeProber
{
    /// <summary>Passes everywhere, with any outer header.</summary>
    internal const int SmallBytes = 200;

    /// <summary>The search ends when it is known this well, bytes.</summary>
    internal const int GranularityBytes = 8;

    private const ushort EchoId = 0x51de;
    private const int MaxRounds = 16;
    private static readonly TimeSpan ReplyTimeout = TimeSpan.FromMilliseconds(300), LongReplyTimeout = TimeSpan.FromMilliseconds(1000);

    internal static async Task RunAsync(Prober prober, IReadOnlyList<PacketSizeSearch> searches, CancellationToken cancellation)
    {
        var sequence = 0;
        // Of all rounds, so that late answers count.
        var sent = new Dictionary<int, (PacketSizeSearch Search, int Size)>();
        async Task SendRoundAsync(IReadOnlyCollection<PacketSizeSearch> round, Func<PacketSizeSearch, int> size, int times, TimeSpan timeout)
        {
            var pending = new HashSet<int>();
            foreach (var search in round)
            {
                if (ProbeSender.SourceAddress(search.NextHop, search.Vip.AddressFamily) is not { } source)
                {
                    search.RecordLoss(SmallBytes);
                    continue;
                }
                sent[++sequence] = (search, size(search));
                pending.Add(sequence);
                // Several times: a packet may be lost without being too big.
                for (var i = 0; i < times; i++)
                    prober.Sender.Send(search.NextHop, search.Encap, search.Server, ProbePacket.Echo(source, search.Vip, EchoId, (ushort)sequence, size(search)), sequence);
            }
            await prober.ReceiveUntilAsync(() => pending.Count == 0, timeout, reply => Handle(reply, searches, sent, pending), cancellation).ConfigureAwait(false);
            foreach (var (search, missed) in pending.Select(o => sent[o]))
                search.RecordLoss(missed);
        }

        for (var round = 0; round < MaxRounds && searches.Any(static s => !s.IsComplete); round++)
            await SendRoundAsync([.. searches.Where(static s => !s.IsComplete)], static s => s.NextBytes, 2, ReplyTimeout).ConfigureAwait(false);
        // Before it is said that less fits, all is tried again.
        var small = searches.Where(static s => s.Evidence is { PassedBytes: { } passed } evidence && passed < evidence.ExpectedBytes).ToArray();
        if (small.Length > 0)
            await SendRoundAsync(small, static s => s.ExpectedBytes, 3, LongReplyTimeout).ConfigureAwait(false);
    }

    private static void Handle(ReplyPacket reply, IReadOnlyList<PacketSizeSearch> searches, Dictionary<int, (PacketSizeSearch Search, int Size)> sent, HashSet<int> pending)
    {
        if (reply is { Kind: ReplyKind.Echo, Port: EchoId } && sent.TryGetValue(reply.Number, out var request) && reply.From.Equals(request.Search.Vip))
        {
            pending.Remove(reply.Number);
            request.Search.RecordReply(request.Size);
        }
        if (reply.Kind == ReplyKind.TooBig)
        {
            foreach (var search in searches.Where(s => s.Server.Equals(reply.About) || s.Encap == Encap.Layer2 && s.Vip.Equals(reply.About)))
                search.RouterReport = $"{reply.From} says that {reply.Number} bytes fit";
        }
    }
}
