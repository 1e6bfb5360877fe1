using System.Reflection;
using Sidestep.Native;

namespace Sidestep.SystemTests.Director;

/// <summary>The kernel's verifier refuses a program.</summary>
public sealed class VerifierTests
{
    [Fact]
    public void TheLastUsefulLinesAreInTheMessage()
    {
        using var resource = Assembly.GetExecutingAssembly().GetManifestResourceStream("refused.bpf.o")!;
        var image = new byte[resource.Length];
        resource.ReadExactly(image);
        using var refused = BpfObject.Open(image, "test");

        var error = Assert.Throws<VerifierException>(refused.Load);

        Assert.Contains("the kernel's verifier refused the program 'refused'", error.Message, StringComparison.Ordinal);
        Assert.Contains("invalid access to packet", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("processed ", error.Message, StringComparison.Ordinal);
        Assert.InRange(error.Message.Split('\n').Length, 3, 13);
        Assert.Contains("processed ", error.Log, StringComparison.Ordinal);
    }
}
