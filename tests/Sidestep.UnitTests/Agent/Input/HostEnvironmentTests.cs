using Sidestep.Agent.Host;
using Sidestep.Agent.Input;

namespace Sidestep.UnitTests.Agent.Input;

public sealed class HostEnvironmentTests
{
    [Theory]
    [InlineData(true, true, true, true, true, "")]
    [InlineData(false, false, false, false, false, "")]
    [InlineData(false, false, false, true, false, "CAP_NET_ADMIN")]
    [InlineData(false, false, false, true, true, "CAP_NET_ADMIN CAP_SYS_ADMIN libbpf.so.1")]
    [InlineData(false, false, false, false, true, "CAP_SYS_ADMIN libbpf.so.1")]
    [InlineData(true, false, true, true, true, "CAP_SYS_ADMIN")]
    [InlineData(true, true, false, true, true, "libbpf.so.1")]
    public void What_the_request_needs_and_the_process_lacks_is_a_problem(
        bool netAdmin, bool sysAdmin, bool libbpf, bool changes, bool bpf, string missing)
    {
        var problems = new List<Problem>();
        HostEnvironment.Check(new HostPrivileges(netAdmin, sysAdmin, libbpf), changes, bpf, problems);
        Assert.Equal(missing, string.Join(' ', problems.Select(static p => p.Option)));
        Assert.All(problems, static p => Assert.StartsWith("is ", p.Reason, StringComparison.Ordinal));
    }

    [Fact]
    public void All_problems_are_thrown_together()
    {
        ProblemsException.ThrowIfAny([]);
        var problems = new[] { new Problem("--a", "", "is missing", "Add it."),
            new Problem("--b", "c", "is wrong", "Fix it.") };
        var thrown = Assert.Throws<ProblemsException>(() => ProblemsException.ThrowIfAny(problems));
        Assert.Equal(problems, thrown.Problems);
        Assert.Equal("error: --a: is missing\n       Add it.\nerror: --b c: is wrong\n       Fix it.", thrown.Message);
    }
}
