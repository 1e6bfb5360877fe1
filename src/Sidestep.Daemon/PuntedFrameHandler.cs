using Sidestep.Engine.Xdp;
using Sidestep.Forwarding;

namespace Sidestep.Daemon;

/// <summary>Fragments punted frames. Not safe for threads.</summary>
/// <param name="send">Sends a fragment. A full queue or a link that is down loses it, as any packet.</param>
/// <param name="log">Receives each problem once.</param>
/// <param name="identification">Identification of the first packet; must be unpredictable (RFC 6864 section 4.3, RFC
/// 7739).</param>
internal sealed class PuntedFrameHandler(Action<int, byte[]> send, Action<string> log, uint identification)
{
    private readonly HashSet<string> _logged = [];
    private uint _identification = identification;

    /// <summary>Sends the fragments of the frame in a record. A record that makes no sense is logged and
    /// skipped.</summary>
    internal void Handle(ReadOnlySpan<byte> record)
    {
        try
        {
            var frame = PuntedFrameView.Read(record);
            foreach (var fragment in OuterFragments.Of(frame.Frame, frame.OuterOffset, frame.MtuBytes,
                _identification++))
                send(frame.InterfaceIndex, fragment);
        }
        catch (ArgumentException e)
        {
            LogOnce($"an oversized packet was not fragmented: {e.Message}");
        }
    }

    /// <summary>Logs a problem unless it was logged before.</summary>
    internal void LogOnce(string text)
    {
        if (_logged.Add(text))
            log(text);
    }
}
