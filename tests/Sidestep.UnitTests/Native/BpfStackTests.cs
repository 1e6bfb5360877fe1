using Sidestep.Agent.Programs;
using Sidestep.Engine.Managed.Drivers;
using Sidestep.Engine.Xdp;

namespace Sidestep.UnitTests.Native;

/// <summary>The kernel that runs the tests may accept a program that an older one refuses.</summary>
public sealed class BpfStackTests
{
    [Theory]
    [InlineData(typeof(DirectorObject), "director.bpf.o", "director 120, full_path ")]
    [InlineData(typeof(DirectorObject), "probe.bpf.o", "probe ")]
    [InlineData(typeof(AgentPrograms), "agent.bpf.o", "decapsulate ")]
    [InlineData(typeof(AfXdpInterface), "sockets.bpf.o", "to_sockets ")]
    public void Deepest_calls_need_no_more_stack_than_every_supported_kernel_gives(
        Type assembly, string name, string begin)
    {
        using var file = assembly.Assembly.GetManifestResourceStream(name)!;
        var (bytes, calls) = new BpfStack(file).Deepest();
        Assert.StartsWith(begin, calls, StringComparison.Ordinal);
        Assert.True(bytes <= BpfStack.LimitBytes, $"{bytes} bytes: {calls}");
    }
}
