using System.Buffers.Binary;
using System.Security.Cryptography;
using Sidestep.Forwarding;
using Sidestep.Native;

namespace Sidestep.Daemon;

/// <summary>Sends in fragments what the program could not send whole: encapsulated packets of profiles that want it so, which
/// it hands over through the map <c>slow</c>.</summary>
/// <remarks>While no daemon runs, the map fills up, and the program counts what it cannot hand over.</remarks>
internal sealed class PuntedFragmenter : IDisposable
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(200);

    private readonly BpfRingBuffer _ring;
    private readonly FrameSender _sender;
    private readonly Action<string> _log;
    private readonly CancellationTokenSource _stop = new();
    private readonly Thread _thread;
    private readonly HashSet<string> _logged = [];

    /// <summary>RFC 6864 section 4.3 and RFC 7739: begins where nobody expects it.</summary>
    private uint _identification = (uint)RandomNumberGenerator.GetInt32(int.MaxValue);

    /// <param name="map">The ring buffer; may be disposed afterwards.</param>
    /// <param name="log">Gets each problem once.</param>
    /// <exception cref="NativeException">The map cannot be read, or no socket be opened.</exception>
    internal PuntedFragmenter(BpfMap map, Action<string> log)
    {
        _log = log;
        _ring = BpfRingBuffer.Open(map);
        try
        {
            _sender = FrameSender.Open();
        }
        catch
        {
            _ring.Dispose();
            throw;
        }
        _thread = new Thread(Run) { IsBackground = true, Name = "slow path" };
        _thread.Start();
    }

    public void Dispose()
    {
        _stop.Cancel();
        _thread.Join();
        _ring.Dispose();
        _sender.Dispose();
        _stop.Dispose();
    }

    private void Run()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                _ring.Poll(Tick, Fragment);
            }
            catch (NativeException e)
            {
                LogOnce($"punt: {e.Message}");
                _stop.Token.WaitHandle.WaitOne(Tick);
            }
        }
    }

    private void Fragment(ReadOnlySpan<byte> record)
    {
        try
        {
            var frame = PuntedFrame.Read(record);
            foreach (var fragment in OuterFragments.Of(frame.Frame, frame.OuterOffset, frame.MtuBytes, _identification++))
            {
                // A queue that is full, a link that is down: lost, as packets may be.
                _sender.Send(frame.InterfaceIndex, fragment);
            }
        }
        catch (ArgumentException e)
        {
            LogOnce($"an oversized packet was not fragmented: {e.Message}");
        }
    }

    private void LogOnce(string text)
    {
        if (_logged.Add(text))
            _log(text);
    }

    /// <summary>struct punted_frame of src/bpf/tables.h: what the program hands over.</summary>
    private readonly ref struct PuntedFrame
    {
        // ifindex, length, mtu, l3_offset, reserved: integers of the machine's own byte order
        private const int HeaderBytes = 16;

        internal required int InterfaceIndex { get; init; }

        internal required int MtuBytes { get; init; }

        internal required int OuterOffset { get; init; }

        /// <summary>From the Ethernet header on.</summary>
        internal required ReadOnlySpan<byte> Frame { get; init; }

        /// <exception cref="ArgumentException">The record is shorter than it says.</exception>
        internal static PuntedFrame Read(ReadOnlySpan<byte> record)
        {
            var length = record.Length < HeaderBytes ? 0 : BinaryPrimitives.ReadInt32LittleEndian(record[4..]);
            if (length <= 0 || length > record.Length - HeaderBytes)
                throw new ArgumentException($"a record of {record.Length} bytes says that it has a frame of {length}", nameof(record));
            return new PuntedFrame
            {
                InterfaceIndex = BinaryPrimitives.ReadInt32LittleEndian(record),
                MtuBytes = BinaryPrimitives.ReadUInt16LittleEndian(record[8..]),
                OuterOffset = BinaryPrimitives.ReadUInt16LittleEndian(record[10..]),
                Frame = record.Slice(HeaderBytes, length),
            };
        }
    }
}
