using System.Security.Cryptography;
using System.Threading.Channels;
using Sidestep.Forwarding;
using Sidestep.Native;

namespace Sidestep.Engine.Managed;

/// <summary>Fragments and sends punted packets: encapsulated packets that are too big, of profiles with
/// <c>oversized: fragment</c>. It has a thread of its own and a bounded queue, so that a flood costs the workers one
/// copy per packet.</summary>
internal sealed class FragmentPunt : IDisposable
{
    /// <summary>The most packets that wait in the queue.</summary>
    internal const int MaxWaiting = 512;

    private readonly Channel<PuntedPacket> _queue = Channel.CreateBounded<PuntedPacket>(
        new BoundedChannelOptions(MaxWaiting) { FullMode = BoundedChannelFullMode.Wait, SingleReader = true });
    private readonly FrameSender _sender;
    private readonly Action<string> _log;
    private readonly Thread _thread;
    private string? _reported;

    /// <summary>Identification of the next packet. It starts at an unpredictable value (RFC 6864 section 4.3, RFC
    /// 7739).</summary>
    private uint _identification = (uint)RandomNumberGenerator.GetInt32(int.MaxValue);
    private long _dropped;

    private readonly record struct PuntedPacket(byte[] Frame, int L3, int Mtu, int Egress);

    internal FragmentPunt(Action<string> log)
    {
        _log = log;
        try
        {
            _sender = FrameSender.Open();
        }
        catch (NativeException e)
        {
            throw new EngineException($"cannot open a packet socket: {e.Message}."
                + " Run sidestepd as root, or with CAP_NET_RAW and CAP_NET_ADMIN", e);
        }
        _thread = new Thread(Run) { IsBackground = true, Name = "punt" };
        _thread.Start();
    }

    /// <summary>Number of packets that were dropped because the queue was full.</summary>
    internal long Dropped => Interlocked.Read(ref _dropped);

    /// <summary>Copies a packet into the queue; thread-safe.</summary>
    /// <param name="frame">The frame from the Ethernet header on.</param>
    /// <param name="target">See <see cref="Forwarding.Pipeline.PacketPipeline.PuntTarget"/>.</param>
    internal void Enqueue(ReadOnlySpan<byte> frame, (int L3, int Mtu, int Egress) target)
    {
        if (_queue.Reader.Count >= MaxWaiting
            || !_queue.Writer.TryWrite(new PuntedPacket(frame.ToArray(), target.L3, target.Mtu, target.Egress)))
            Interlocked.Increment(ref _dropped);
    }

    public void Dispose()
    {
        _queue.Writer.TryComplete();
        _thread.Join();
        _sender.Dispose();
    }

    private void Run()
    {
        var reader = _queue.Reader;
        while (reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
        {
            while (reader.TryRead(out var packet))
                Send(packet);
        }
    }

    private void Send(in PuntedPacket packet)
    {
        try
        {
            foreach (var fragment in OuterFragments.Of(packet.Frame, packet.L3, packet.Mtu, _identification++))
                _sender.Send(packet.Egress, fragment); // lost when the link is down or its queue is full
        }
#pragma warning disable CA1031 // one packet must not stop the fragmentation of all others
        catch (Exception e)
#pragma warning restore CA1031
        {
            if (_reported is null)
                _log(_reported = $"an oversized packet was not fragmented: {e.Message}");
        }
    }
}
