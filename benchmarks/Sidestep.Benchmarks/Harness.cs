using System.Reflection;
using System.Runtime.InteropServices;
using Sidestep.Native;

namespace Sidestep.Benchmarks;

/// <summary>Calls a program many times through benchmarks/bpf/harness.bpf.c.</summary>
internal sealed class Harness : IDisposable
{
    /// <summary>Variables of the harness: <c>struct harness</c> of benchmarks/bpf/harness.bpf.c.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct State
    {
        public uint FrameBytes;
        public uint Flows;
        public uint Services;
        public uint Ipv6;
        public ulong Random;
        public ulong Ethernet0;
        public ulong Ethernet1;
    }

    private readonly BpfObject _object;
    private readonly BpfProgram _measure;
    private readonly BpfMap _target;
    private readonly BpfMap _bss;
    private readonly MappedMemory _state;
    private readonly byte[] _output = new byte[4096];

    internal Harness()
    {
        _object = Load("harness.bpf.o");
        _measure = _object.Program("measure");
        _target = _object.Map("target");
        _bss = _object.Map(".bss");
        _state = _bss.MapMemory(writable: true);
    }

    /// <summary>Loads one of the embedded objects.</summary>
    internal static BpfObject Load(string resource)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(resource)!;
        var image = new byte[stream.Length];
        stream.ReadExactly(image);
        var loaded = BpfObject.Open(image, "bench");
        loaded.Load();
        return loaded;
    }

    /// <summary>Mean nanoseconds per packet, harness included. The sequence of random flows continues from the last
    /// measurement.</summary>
    /// <param name="program">The program under test.</param>
    /// <param name="traffic">The packets for it.</param>
    /// <param name="repeat">Number of packets.</param>
    /// <param name="action">The action that the program must return; otherwise the figure would describe another
    /// case.</param>
    internal double Measure(BpfProgram program, Traffic traffic, int repeat, uint action)
    {
        _target.SetProgram(0, program);
        ref var state = ref _state.View<State>(0, 1)[0];
        state.FrameBytes = (uint)traffic.Frame.Length;
        state.Flows = traffic.Flows;
        state.Services = traffic.Services;
        state.Ipv6 = traffic.IsIpv6 ? 1U : 0;
        state.Ethernet0 = MemoryMarshal.Read<ulong>(traffic.Frame);
        state.Ethernet1 = MemoryMarshal.Read<ulong>(traffic.Frame.AsSpan(8));
        var run = _measure.Run(traffic.Frame, _output, repeat);
        return run.ReturnValue == action
            ? run.NanosecondsPerRun
            : throw new InvalidOperationException(
                $"the program ended with action {run.ReturnValue} instead of {action}");
    }

    public void Dispose()
    {
        _state.Dispose();
        _bss.Dispose();
        _target.Dispose();
        _measure.Dispose();
        _object.Dispose();
    }
}
