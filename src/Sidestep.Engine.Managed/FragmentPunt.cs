using System.Security.Cryptography;
using System.Threading.Channels;
using Sidestep.Forwarding;
using Sidestep.Native;

namespace Sidestep.Engine.Managed;

/// <summary>Sends in fragments what no link takes whole: encapsulated packets of profiles that want it so. One thread of its own and a
/// queue of fixed length, so that a flood of it costs the workers a copy each, and no more.</summary>
internal sealed class FragmentPunt : IDisposable
{
    /// <summary>Packets that wait.</summary>
    internal const int MaxWaiting = 512;

    private readonly Channel<PuntedPacket> _queue = Channel.CreateBounded<PuntedPacket>(new BoundedChannelOptions(MaxWaiting) { FullMode = BoundedChannelFullMode.Wait, SingleReader = true });
    private readonly FrameSender _sender;
    private readonly Action<string> _log;
    private readonly Thread _thread;
    private string? _reported;

    /// <summary>RFC 6864 section 4.3 and RFC 7739: begins where nobody expects it.</summary>
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
            throw new EngineException($"no packet socket can be opened: {e.Message}. Run sidestepd as root, or with CAP_NET_RAW and CAP_NET_ADMIN", e);
        }
        _thread = new Thread(Run) { IsBackground = true, Name = "slow path" };
        _thread.Start();
    }

    /// <summary>Packets that found no room.</summary>
    internal long Dropped => Interlocked.Read(ref _dropped);

    /// <summary>Copies a packet; any thread.</summary>
    internal void Enqueue(ReadOnlySpan<byte> frame, (int L3, int Mtu, int Egress) target)
    {
        if (_queue.Reader.Count >= MaxWaiting || !_queue.Writer.TryWrite(new PuntedPacket(frame.ToArray(), target.L3, target.Mtu, target.Egress)))
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
                _sender.Send(packet.Egress, fragment); // a queue that is full, a link that is down: lost, as packets may be
        }
        catch (ArgumentException e)
        {
            if (_reported is null)
                _log(_reported = $"an oversized packet was not fragmented: {e.Message}");
        }
    }
}
