using Sidestep.Engine.Xdp;
using Sidestep.Native;

namespace Sidestep.ConformanceTests;

/// <summary>A kernel is asked for what the program needs of it, and believed neither too much nor too little.</summary>
public sealed class KernelFeatureTests
{
    private const int AdjustHead = 44, NobodyHasIt = 1_000_000;

    [Fact]
    public void A_kernel_that_takes_the_program_lacks_nothing() => Assert.Empty(KernelFeatures.Missing);

    [Fact]
    public void What_a_kernel_has_and_what_it_lacks_is_told_apart() => Assert.Equal(
        (true, false), (KernelProbe.HasHelper(AdjustHead), KernelProbe.HasHelper(NobodyHasIt)));
}
