using Sidestep.Daemon;

namespace Sidestep.UnitTests.Daemon;

public sealed class LockHolderTests
{
    // proc_locks(5)
    private static readonly string[] Locks =
    [
        "1: FLOCK  ADVISORY  WRITE 1234 00:19:5678 0 EOF",
        "1: -> FLOCK  ADVISORY  WRITE 99 00:19:5678 0 EOF",
        "2: POSIX  ADVISORY  WRITE 77 00:19:12 0 EOF",
        "3: FLOCK  ADVISORY  WRITE 88 00:19:34 0 EOF",
        "4: OFDLCK ADVISORY  READ  -1 00:06:1028 0 EOF",
        "",
        "5: FLOCK",
    ];

    [Theory]
    [InlineData(5678, 1234)]
    [InlineData(34, 88)]
    [InlineData(12, null)]
    [InlineData(4, null)]
    [InlineData(1028, null)]
    public void Holder_of_the_flock_of_an_inode_is_found(ulong inode, int? expected) =>
        Assert.Equal(expected, LockHolder.Find(inode, Locks));
}
