using Sidestep.Forwarding;

namespace Sidestep.Daemon.Doctor;

/// <summary>Finds the largest packet that reaches a VIP through a server's encapsulation and gets a reply. The probes
/// are echo requests with DF (RFC 792, RFC 4443).</summary>
internal static class PacketSizeProber
{
    private const ushort EchoId = 0x51de;
    private const int MaxRounds = 16;

    /// <summary>Number of copies of each request: a packet may be lost without being too big.</summary>
    private const int Copies = 2, FinalCopies = 3;

    private static readonly TimeSpan ReplyTimeout = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan FinalReplyTimeout = TimeSpan.FromMilliseconds(1000);

    /// <summary>Runs all searches at the same time. Their evidence is complete afterwards.</summary>
    internal static async Task RunAsync(Prober prober, IReadOnlyList<PacketSizeSearch> searches,
        CancellationToken cancellation)
    {
        var sequence = 0;
        // Requests of all rounds, so that late replies count.
        var sent = new Dictionary<int, (PacketSizeSearch Search, int Size)>();
        async Task SendRoundAsync(
            IReadOnlyCollection<PacketSizeSearch> round, Func<PacketSizeSearch, int> size, int copies, TimeSpan timeout)
        {
            var pending = new HashSet<int>();
            foreach (var search in round)
            {
                if (ProbeSender.SourceAddress(search.NextHop, search.Vip.AddressFamily) is not { } source)
                {
                    search.RecordLoss(PacketSizeSearch.SmallBytes);
                    continue;
                }
                sent[++sequence] = (search, size(search));
                pending.Add(sequence);
                var request = ProbePacket.Echo(source, search.Vip, EchoId, (ushort)sequence, size(search));
                for (var i = 0; i < copies; i++)
                    prober.Sender.Send(search.NextHop, search.Encap, search.Server, request, sequence);
            }
            await prober.ReceiveUntilAsync(() => pending.Count == 0, timeout,
                reply => Handle(reply, searches, sent, pending), cancellation).ConfigureAwait(false);
            foreach (var (search, missed) in pending.Select(o => sent[o]))
                search.RecordLoss(missed);
        }

        for (var round = 0; round < MaxRounds && searches.Any(static s => !s.IsComplete); round++)
        {
            await SendRoundAsync([.. searches.Where(static s => !s.IsComplete)], static s =>
                s.NextBytes, Copies, ReplyTimeout)
                .ConfigureAwait(false);
        }
        // Before the doctor reports a smaller size, it tries the expected one once more.
        var small = searches.Where(static s => s.Evidence.PassedBytes < s.ExpectedBytes).ToArray();
        if (small.Length > 0)
        {
            await SendRoundAsync(small, static s => s.ExpectedBytes, FinalCopies, FinalReplyTimeout)
                .ConfigureAwait(false);
        }
    }

    private static void Handle(ReplyPacket reply, IReadOnlyList<PacketSizeSearch> searches,
        Dictionary<int, (PacketSizeSearch Search, int Size)> sent, HashSet<int> pending)
    {
        if (reply is { Kind: ReplyKind.Echo, Port: EchoId } && sent.TryGetValue(reply.Number, out var request)
            && reply.From.Equals(request.Search.Vip))
        {
            pending.Remove(reply.Number);
            request.Search.RecordReply(request.Size);
        }
        if (reply.Kind == ReplyKind.TooBig)
        {
            foreach (var search in searches.Where(s => s.Server.Equals(reply.About)
                || s.Encap == Encap.Layer2 && s.Vip.Equals(reply.About)))
                search.RouterReport = $"{reply.From} reports an MTU of {reply.Number} bytes";
        }
    }
}
