using System.Net;
using System.Text;
using Sidestep.Control.Doctor;
using Sidestep.Forwarding;
using Sidestep.Model;
using Sidestep.Native;
using Sidestep.Packets;

namespace Sidestep.Daemon.Doctor;

/// <summary>One probe: where it goes, and what came of it.</summary>
internal sealed class Probe
{
    internal required NextHop NextHop { get; init; }

    /// <summary>Null: straight to the server's own address.</summary>
    internal Encap? Encap { get; init; }

    internal required IPAddress Server { get; init; }

    /// <summary>VIP, or the server's own address.</summary>
    internal required IPEndPoint To { get; init; }

    internal required TransportProtocol Protocol { get; init; }

    /// <summary>Null: nothing came yet.</summary>
    internal ProbeEvidence? Evidence { get; set; }

    /// <summary>Of what came.</summary>
    internal int? Ttl { get; set; }

    /// <summary>What the probe comes from; also names it.</summary>
    internal IPEndPoint? From { get; set; }
}

/// <summary>Sends probes and hears what comes back, whatever its source: a socket would be told only of what fits.</summary>
/// <remarks>Handshakes are never completed: what answers is reset. Ports are above those that the kernel gives to others.</remarks>
internal sealed class Prober : IDisposable
{
    /// <summary>Probes of one round; the ports are enough for them.</summary>
    internal const int MaxProbes = 4000;

    private const int FirstPort = 61_000, Ports = 65_536 - FirstPort;
    private const int MaxFramesPerCall = 10_000;
    private const int MaxFrameBytes = 2048;
    private const ushort Mss = 1460;
    /// <summary>The last ones are for hosts that are busy: only where something is silent do they cost time.</summary>
    private static readonly TimeSpan[] SendTimes = [TimeSpan.Zero, TimeSpan.FromMilliseconds(250), TimeSpan.FromMilliseconds(600), TimeSpan.FromMilliseconds(1200)];
    private static readonly TimeSpan ReplyTimeout = TimeSpan.FromMilliseconds(2500);

    /// <summary>Silence of UDP is most applications' way, and nothing is concluded from it.</summary>
    private static readonly TimeSpan UdpReplyTimeout = TimeSpan.FromMilliseconds(1200);

    private readonly ProbeSender _sender = new();
    private readonly FrameReceiver _ipv4 = FrameReceiver.Open((ushort)EtherType.Ipv4);
    private readonly FrameReceiver _ipv6 = FrameReceiver.Open((ushort)EtherType.Ipv6);
    /// <summary>Others each time: what an earlier probe left half open on a server would answer its successor differently.</summary>
    private readonly int _offset = Random.Shared.Next(Ports);

    private readonly uint _sequence = (uint)Random.Shared.Next();

    /// <summary>Who sends.</summary>
    internal ProbeSender Sender => _sender;

    /// <summary>Sends all, up to four times, until all are answered or it takes too long. What was not answered is silent.</summary>
    internal async Task RunAsync(IReadOnlyList<Probe> probes, CancellationToken cancellation)
    {
        var byPort = new Dictionary<int, Probe>();
        foreach (var probe in probes.Take(MaxProbes))
        {
            if (ProbeSender.SourceAddress(probe.NextHop, probe.To.AddressFamily) is { } source)
            {
                probe.From = new IPEndPoint(source, FirstPort + (_offset + byPort.Count) % Ports);
                byPort.Add(probe.From.Port, probe);
            }
            else
                probe.Evidence = new ProbeEvidence(ProbeReply.NotSent, Detail: $"'{probe.NextHop.Egress.Name}' has no address of the VIP's family");
        }
        var start = TimeProvider.System.GetTimestamp();
        foreach (var (index, at) in SendTimes.Index())
        {
            if (IsComplete(byPort.Values, start))
                break;
            foreach (var probe in byPort.Values.Where(static p => p.Evidence is null))
                SendOnce(probe);
            var until = index + 1 < SendTimes.Length ? SendTimes[index + 1] : ReplyTimeout;
            await ReceiveUntilAsync(() => IsComplete(byPort.Values, start), until - TimeProvider.System.GetElapsedTime(start), r => Handle(r, byPort), cancellation)
                .ConfigureAwait(false);
        }
        foreach (var probe in byPort.Values.Where(static p => p.Evidence is null && p.Protocol != TransportProtocol.Udp))
            Send(probe, ProbePacket.Tcp(probe.From!, probe.To, _sequence + 1, ProbePacket.Reset, 0));
        foreach (var probe in probes.Where(static p => p.Evidence is null))
            probe.Evidence = new ProbeEvidence(ProbeReply.NoReply, Detail: "sent several times");
    }

    /// <summary>Hears until a condition holds or the time is over.</summary>
    internal async Task ReceiveUntilAsync(Func<bool> isComplete, TimeSpan timeout, Action<ReplyPacket> handle, CancellationToken cancellation)
    {
        var start = TimeProvider.System.GetTimestamp();
        while (true)
        {
            Receive(_ipv4, handle);
            Receive(_ipv6, handle);
            if (isComplete() || TimeProvider.System.GetElapsedTime(start) >= timeout)
                return;
            await Task.Delay(5, cancellation).ConfigureAwait(false);
        }
    }

    public void Dispose()
    {
        _sender.Dispose();
        _ipv4.Dispose();
        _ipv6.Dispose();
    }

    private static void Receive(FrameReceiver receiver, Action<ReplyPacket> handle)
    {
        Span<byte> frame = stackalloc byte[MaxFrameBytes];
        for (var i = 0; i < MaxFramesPerCall && receiver.TryReceive(frame, out _) is var length and > EthernetPacket.HeaderLength; i++)
        {
            if (ReplyPacket.Read(frame[EthernetPacket.HeaderLength..length]) is { } reply)
                handle(reply);
        }
    }

    private static bool IsComplete(IReadOnlyCollection<Probe> probes, long start)
    {
        var onlyTcp = TimeProvider.System.GetElapsedTime(start) >= UdpReplyTimeout;
        return probes.All(p => p.Evidence is not null || onlyTcp && p.Protocol == TransportProtocol.Udp);
    }

    private void SendOnce(Probe probe)
    {
        var packet = probe.Protocol == TransportProtocol.Udp
            ? ProbePacket.Udp(probe.From!, probe.To, probe.To.Port == 53 ? RootQuery : Encoding.ASCII.GetBytes("sidestep doctor"))
            : ProbePacket.Tcp(probe.From!, probe.To, _sequence, ProbePacket.Syn, Mss);
        Send(probe, packet);
    }

    private void Send(Probe probe, byte[] packet)
    {
        var sent = probe.Encap is { } encap ? _sender.Send(probe.NextHop, encap, probe.Server, packet, probe.From!.Port) : _sender.Send(probe.NextHop, packet);
        if (!sent)
            probe.Evidence ??= new ProbeEvidence(ProbeReply.NotSent, Detail: $"'{probe.NextHop.Egress.Name}' does not send, or there is no outer source");
    }

    private void Handle(ReplyPacket reply, Dictionary<int, Probe> byPort)
    {
        if (!byPort.TryGetValue(reply.Port, out var probe) || !reply.To.Equals(probe.From!.Address)
            || reply.Kind is ReplyKind.Echo or ReplyKind.TooBig || probe.Evidence is { Reply: not ProbeReply.OtherSource })
            return;
        var expected = probe.Protocol == TransportProtocol.Udp ? ReplyKind.Datagram : ReplyKind.SynAck;
        var other = !reply.From.Equals(probe.To.Address);
        probe.Ttl = reply.Ttl;
        if (reply.Kind == ReplyKind.PortUnreachable)
            probe.Evidence = new ProbeEvidence(ProbeReply.Refused, reply.From, Detail: "port unreachable");
        else if (reply.Kind == ReplyKind.Reset)
            probe.Evidence = new ProbeEvidence(other ? ProbeReply.OtherSource : ProbeReply.Refused, reply.From, Detail: "reset");
        else if (reply.Kind == expected)
        {
            probe.Evidence = new ProbeEvidence(other ? ProbeReply.OtherSource : ProbeReply.Answered, reply.From, reply.Number > 0 ? reply.Number : null,
                $"TTL {reply.Ttl}");
            // What waits for the rest of the handshake need not wait.
            if (reply.Kind == ReplyKind.SynAck)
                Send(probe, ProbePacket.Tcp(probe.From, probe.To, _sequence + 1, ProbePacket.Reset, 0));
        }
    }

    /// <summary>A query for the root's name servers, which every DNS server answers somehow (RFC 1035 section 4.1).</summary>
    private static ReadOnlySpan<byte> RootQuery => [0x51, 0xde, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1];
}
