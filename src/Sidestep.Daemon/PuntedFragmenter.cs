using System.Security.Cryptography;
using Sidestep.Hosting.Supervision;
using Sidestep.Native;

namespace Sidestep.Daemon;

/// <summary>Sends punted packets in fragments: encapsulated packets that exceed the MTU, of profiles with
/// <c>oversized: fragment</c>. The XDP program punts them through the map <c>slow</c>.</summary>
/// <remarks>While no daemon runs, the map fills up, and the program counts the packets that it cannot punt.</remarks>
internal sealed class PuntedFragmenter : IDisposable
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(200);

    private readonly BpfRingBuffer _ring;
    private readonly FrameSender _sender;
    private readonly PuntedFrameHandler _handler;
    private readonly SupervisedThread _thread;

    /// <summary>Opens the map and starts the thread.</summary>
    /// <param name="map">The ring buffer; may be disposed afterwards.</param>
    /// <param name="supervisor">Runs the thread.</param>
    /// <param name="log">Receives each problem once.</param>
    /// <exception cref="NativeException">The kernel refused to map the ring buffer, or to open a socket.</exception>
    internal PuntedFragmenter(BpfMap map, Supervisor supervisor, Action<string> log)
    {
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
        _handler = new PuntedFrameHandler(
            (index, fragment) =>
            _sender.Send(index, fragment), log, (uint)RandomNumberGenerator.GetInt32(int.MaxValue));
        _thread = new SupervisedThread(supervisor, "fragmentation of punted packets", Run);
    }

    public void Dispose()
    {
        _thread.Dispose();
        _ring.Dispose();
        _sender.Dispose();
    }

    private void Run(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                _ring.Poll(Tick, _handler.Handle);
            }
            catch (NativeException e)
            {
                _handler.LogOnce($"punted packets: {e.Message}");
                stop.WaitHandle.WaitOne(Tick);
            }
        }
    }
}
