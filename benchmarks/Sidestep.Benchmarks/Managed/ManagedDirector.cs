using Sidestep.Benchmarks.Veth;
using Sidestep.Engine.Managed;
using Sidestep.Model;
using Sidestep.Native;

namespace Sidestep.Benchmarks.Managed;

/// <summary>The managed engine with one worker, attached by the product's code. It sleeps while no frames
/// arrive.</summary>
internal sealed class ManagedDirector : Contender
{
    private readonly ManagedEngine _engine;
    private long _allocated, _frames;

    /// <param name="veth">Its veth pair.</param>
    /// <param name="driver">The driver of the engine.</param>
    /// <param name="forwarderCpu">The CPU of the thread that forwards.</param>
    /// <param name="generatorCpu">The CPU that this thread is bound to afterwards.</param>
    internal ManagedDirector(VethPair veth, Driver driver, int forwarderCpu, int generatorCpu)
        : base(driver.Name(), veth)
    {
        var (_, tables) = XdpDirector.Compile(veth);
        Testbed.Enter(Testbed.ForwarderNamespace);
        // A worker runs on the first CPU that the attaching thread may use.
        Kernel.PinThread(forwarderCpu);
        _engine = ManagedEngine.ForInterfaces(XdpBenchmark.DefaultFlows, null, Console.Error.WriteLine, workers: 1);
        try
        {
            _engine.Apply(tables);
            _engine.Attach([new DirectorInterface(veth.Name, driver)]);
            Kernel.PinThread(generatorCpu);
            Thread = new ForwarderThread(Environment.ProcessId, $"{driver.Name()} 0", forwarderCpu);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    protected override ForwarderThread Thread { get; }

    internal override long BytesAllocatedPerMillion
    {
        get
        {
            var now = _engine.Workers[0].Counters;
            return now.Frames == _frames ? 0 : (now.AllocatedBytes - _allocated) * 1_000_000 / (now.Frames - _frames);
        }
    }

    internal override void BeginCount()
    {
        base.BeginCount();
        var now = _engine.Workers[0].Counters;
        (_allocated, _frames) = (now.AllocatedBytes, now.Frames);
    }

    public override void Dispose()
    {
        _engine.Remove();
        _engine.Dispose();
    }
}
