using Sidestep.Native;

namespace Sidestep.UnitTests.Native;

/// <summary>Messages and classification of failed calls; errno values are those of asm-generic/errno.h.</summary>
public sealed class NativeExceptionTests
{
    [Fact]
    public void Message_has_call_text_and_number()
    {
        var error = new NativeException("bpf_obj_pin /sys/fs/bpf/x", 2);
        Assert.Equal("bpf_obj_pin /sys/fs/bpf/x: No such file or directory (errno 2)", error.Message);
        Assert.Equal(("bpf_obj_pin /sys/fs/bpf/x", 2), (error.Call, error.Errno));
    }

    [Theory]
    [InlineData(2, true, false, false)] // ENOENT
    [InlineData(16, false, true, false)] // EBUSY
    [InlineData(17, false, true, false)] // EEXIST
    [InlineData(22, false, false, true)] // EINVAL
    [InlineData(95, false, false, true)] // EOPNOTSUPP
    [InlineData(1, false, false, false)] // EPERM
    public void Errors_are_classified(int errno, bool isNotFound, bool isBusy, bool isNotSupported)
    {
        var error = new NativeException("call", errno);
        Assert.Equal((isNotFound, isBusy, isNotSupported), (error.IsNotFound, error.IsBusy, error.IsNotSupported));
    }

    [Fact]
    public void Negative_result_is_an_errno_and_others_pass()
    {
        Assert.Equal(0, NativeException.Check(0, "call"));
        Assert.Equal(7, NativeException.Check(7, "call"));
        Assert.Equal(13, Assert.Throws<NativeException>(static () => NativeException.Check(-13, "call")).Errno);
    }

    [Fact]
    public void Verifier_error_shows_the_last_twelve_useful_lines()
    {
        var log = string.Join('\n', Enumerable.Range(1, 20).Select(static i => $"line {i}"))
            + "\n\nprocessed 20 insns (limit 1000000)\nverification time 3 usec\nstack depth 0\n";
        var error = new VerifierException("director", 22, log);
        var lines = error.Message.Split('\n');
        Assert.Equal("the kernel's verifier refused the program 'director' (errno 22):", lines[0]);
        Assert.Equal([.. Enumerable.Range(9, 12).Select(static i => $"    line {i}")], lines[1..]);
        Assert.Equal((log, 22, "load program director"), (error.Log, error.Errno, error.Call));
    }
}
