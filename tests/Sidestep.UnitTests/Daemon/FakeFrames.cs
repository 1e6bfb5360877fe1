using Sidestep.Daemon.Frames;

namespace Sidestep.UnitTests.Daemon;

/// <summary>A network that answers frames by a rule, in place of packet sockets.</summary>
internal sealed class FakeFrames : IFrameChannel
{
    private readonly Queue<(int Interface, byte[] Frame)> _arriving = new();

    public static FakeFrames Open() => new();

    /// <summary>Every frame that was sent, with the index of its interface.</summary>
    public List<(int Interface, byte[] Frame)> Sent { get; } = [];

    /// <summary>The frames that arrive after one was sent; null or empty: none.</summary>
    public Func<byte[], IEnumerable<byte[]>?> Replies { get; set; } = static _ => null;

    /// <summary>False: the interface is down.</summary>
    public bool Sends { get; set; } = true;

    public bool IsDisposed { get; private set; }

    public bool Send(int interfaceIndex, ReadOnlySpan<byte> frame)
    {
        var copy = frame.ToArray();
        Sent.Add((interfaceIndex, copy));
        foreach (var reply in Replies(copy) ?? [])
            Arrive(interfaceIndex, reply);
        return Sends;
    }

    /// <summary>A frame arrives.</summary>
    public void Arrive(int interfaceIndex, byte[] frame) => _arriving.Enqueue((interfaceIndex, frame));

    public void Receive(FrameHandler handle)
    {
        for (var waiting = _arriving.Count; waiting > 0; waiting--)
        {
            var (index, frame) = _arriving.Dequeue();
            handle(frame, index);
        }
    }

    public void Dispose() => IsDisposed = true;
}
