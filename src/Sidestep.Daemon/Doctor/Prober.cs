using System.Net;
using System.Text;
using Sidestep.Control.Doctor;
using Sidestep.Daemon.Frames;
using Sidestep.Model;
using Sidestep.Packets;

namespace Sidestep.Daemon.Doctor;

/// <summary>Sends probes and receives the replies, whatever their source: a socket would receive only replies from the
/// address that it is connected to.</summary>
/// <remarks>Handshakes are never completed: the prober resets a connection that a server accepts. Source ports are
/// above those that the kernel gives to others (net.ipv4.ip_local_port_range).</remarks>
/// <param name="frames">Receives all IP packets; disposed by its owner.</param>
/// <param name="time">The clock.</param>
/// <param name="random">Chooses source ports and sequence numbers.</param>
internal sealed class Prober(IFrameChannel frames, TimeProvider time, Random random)
{
    /// <summary>Probes of one run; there are enough ports for them.</summary>
    internal const int MaxProbes = 4000;

    private const int FirstPort = 61_000, Ports = 65_536 - FirstPort;
    private const ushort Mss = 1460;
    private const int DnsPort = 53;

    /// <summary>When unanswered probes are sent, after the start. The late ones are for busy hosts, and cost time only
    /// if something is silent.</summary>
    private static readonly TimeSpan[] SendTimes =
        [TimeSpan.Zero, TimeSpan.FromMilliseconds(250), TimeSpan.FromMilliseconds(600),
        TimeSpan.FromMilliseconds(1200)];

    private static readonly TimeSpan ReplyTimeout = TimeSpan.FromMilliseconds(2500);

    /// <summary>Most applications over UDP do not answer such datagrams, and the doctor concludes nothing from
    /// that.</summary>
    private static readonly TimeSpan UdpReplyTimeout = TimeSpan.FromMilliseconds(1200);

    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(5);

    /// <summary>The first port differs from run to run: a connection that an earlier probe left half open on a server
    /// would answer differently.</summary>
    private readonly int _offset = random.Next(Ports);

    private readonly uint _sequence = (uint)random.Next();

    /// <summary>Builds and sends the packets of the probes.</summary>
    internal ProbeSender Sender { get; } = new(frames);

    /// <summary>Sends each probe up to four times, until all are answered or the timeout is over. Afterwards every
    /// probe has its evidence.</summary>
    internal async Task RunAsync(IReadOnlyList<Probe> probes, CancellationToken cancellation)
    {
        var byPort = AssignPorts(probes);
        var start = time.GetTimestamp();
        foreach (var (index, at) in SendTimes.Index())
        {
            if (IsComplete(byPort.Values, start))
                break;
            foreach (var probe in byPort.Values.Where(static p => p.Evidence is null))
                SendOnce(probe);
            var until = index + 1 < SendTimes.Length ? SendTimes[index + 1] : ReplyTimeout;
            await ReceiveUntilAsync(() => IsComplete(byPort.Values, start), until - time.GetElapsedTime(start),
                r => Handle(r, byPort), cancellation).ConfigureAwait(false);
        }
        foreach (var probe in byPort.Values.Where(static p => p.Evidence is null
            && p.Protocol != TransportProtocol.Udp))
            SendReset(probe);
        foreach (var probe in probes.Where(static p => p.Evidence is null))
            probe.Evidence = new ProbeEvidence(ProbeReply.NoReply, Detail: "sent several times");
    }

    /// <summary>Receives until a condition holds or the timeout is over.</summary>
    internal async Task ReceiveUntilAsync(
        Func<bool> isComplete, TimeSpan timeout, Action<ReplyPacket> handle, CancellationToken cancellation)
    {
        var start = time.GetTimestamp();
        while (true)
        {
            frames.Receive((frame, _) =>
            {
                if (frame.Length > EthernetPacket.HeaderLength
                    && ReplyPacket.Read(frame[EthernetPacket.HeaderLength..]) is { } reply)
                    handle(reply);
            });
            if (isComplete() || time.GetElapsedTime(start) >= timeout)
                return;
            await Task.Delay(PollInterval, time, cancellation).ConfigureAwait(false);
        }
    }

    private Dictionary<int, Probe> AssignPorts(IReadOnlyList<Probe> probes)
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
            {
                probe.Evidence = new ProbeEvidence(
                    ProbeReply.NotSent, Detail: $"'{probe.NextHop.Egress.Name}' has no address of the VIP's family");
            }
        }
        return byPort;
    }

    private bool IsComplete(IReadOnlyCollection<Probe> probes, long start)
    {
        var onlyTcp = time.GetElapsedTime(start) >= UdpReplyTimeout;
        return probes.All(p => p.Evidence is not null || onlyTcp && p.Protocol == TransportProtocol.Udp);
    }

    private void SendOnce(Probe probe) => Send(probe, probe.Protocol == TransportProtocol.Udp
        ? ProbePacket.Udp(probe.From!, probe.To, probe.To.Port == DnsPort ? RootQuery
        : Encoding.ASCII.GetBytes("sidestep doctor"))
        : ProbePacket.Tcp(probe.From!, probe.To, _sequence, TcpControlBits.Syn, Mss));

    private void SendReset(Probe probe) =>
        Send(probe, ProbePacket.Tcp(probe.From!, probe.To, _sequence + 1, TcpControlBits.Rst, 0));

    private void Send(Probe probe, byte[] packet)
    {
        var isSent = probe.Encap is { } encap
            ? Sender.Send(probe.NextHop, encap, probe.Server, packet, probe.From!.Port)
            : Sender.Send(probe.NextHop, packet);
        if (!isSent)
        {
            probe.Evidence ??= new ProbeEvidence(
                ProbeReply.NotSent,
                Detail: $"'{probe.NextHop.Egress.Name}' does not send, or there is no outer source");
        }
    }

    private void Handle(ReplyPacket reply, Dictionary<int, Probe> byPort)
    {
        // A server that waits for the rest of the handshake need not wait.
        if (byPort.TryGetValue(reply.Port, out var probe) && probe.Handle(reply))
            SendReset(probe);
    }

    /// <summary>A query for the name servers of the root, which every DNS server answers in some form (RFC 1035 section
    /// 4.1).</summary>
    private static ReadOnlySpan<byte> RootQuery => [0x51, 0xde, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1];
}
