using Sidestep.Engine.Xdp;
using Sidestep.Native;

namespace Sidestep.ConformanceTests;

/// <summary>The probes of kernel features report neither too much nor too little.</summary>
public sealed class KernelFeatureTests
{
    private const int AdjustHead = 44, UnknownHelper = 1_000_000;

    [Fact]
    public void Kernel_that_accepts_the_program_misses_no_feature() => Assert.Empty(KernelFeatures.Missing);

    [Fact]
    public void Kernel_probe_distinguishes_present_from_missing_helpers() => Assert.Equal(
        (true, false), (KernelProbe.HasHelper(AdjustHead), KernelProbe.HasHelper(UnknownHelper)));
}
