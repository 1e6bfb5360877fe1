using System.Reflection;
using Sidestep.Native;

namespace Sidestep.SystemTests.Native;

/// <summary>Errors of the kernel's verifier.</summary>
public sealed class VerifierErrorTests
{
    [Fact]
    public void The_message_contains_the_last_useful_lines_of_the_verifier_log()
    {
        using var resource = Assembly.GetExecutingAssembly().GetManifestResourceStream("refused.bpf.o")!;
        var image = new byte[resource.Length];
        resource.ReadExactly(image);
        using var rejected = BpfObject.Open(image, "test");

        var error = Assert.Throws<VerifierException>(rejected.Load);

        Assert.Contains("the kernel's verifier refused the program 'refused'", error.Message, StringComparison.Ordinal);
        Assert.Contains("invalid access to packet", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("processed ", error.Message, StringComparison.Ordinal);
        Assert.InRange(error.Message.Split('\n').Length, 3, 13);
        Assert.Contains("processed ", error.Log, StringComparison.Ordinal);
    }
}
