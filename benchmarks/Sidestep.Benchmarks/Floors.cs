using Sidestep.Native;

namespace Sidestep.Benchmarks;

/// <summary>The programs of benchmarks/bpf/floor.bpf.c.</summary>
internal sealed class Floors : IDisposable
{
    private readonly BpfObject _object = Harness.Load("floor.bpf.o");

    internal Floors()
    {
        Pass = _object.Program("floor_pass");
        Head = _object.Program("floor_head");
        MacRewrite = _object.Program("floor_mac");
        Encapsulate = _object.Program("floor_encapsulate");
        Encapsulate6 = _object.Program("floor_encapsulate6");
    }

    internal BpfProgram Pass { get; }

    internal BpfProgram Head { get; }

    internal BpfProgram MacRewrite { get; }

    internal BpfProgram Encapsulate { get; }

    internal BpfProgram Encapsulate6 { get; }

    public void Dispose()
    {
        Pass.Dispose();
        Head.Dispose();
        MacRewrite.Dispose();
        Encapsulate.Dispose();
        Encapsulate6.Dispose();
        _object.Dispose();
    }
}
