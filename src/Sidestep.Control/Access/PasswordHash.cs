using System.Security.Cryptography;
using System.Text;
using Konscious.Security.Cryptography;

namespace Sidestep.Control.Access;

/// <summary>The hash of a password by Argon2id (RFC 9106), with its parameters, so that later versions can choose
/// others.</summary>
/// <param name="MemoryKiB">Memory, KiB.</param>
/// <param name="Passes">Passes over the memory.</param>
/// <param name="Salt">The salt, base64.</param>
/// <param name="Hash">The hash, base64.</param>
public sealed record PasswordHash(int MemoryKiB, int Passes, string Salt, string Hash)
{
    /// <summary>Parameters for Argon2id that OWASP recommends: 19 MiB, two passes, one lane.</summary>
    private const int UsualMemoryKiB = 19 * 1024, UsualPasses = 2, Lanes = 1;

    private const int SaltBytes = 16, HashBytes = 32;

    /// <summary>Hashes a password with a new salt.</summary>
    public static PasswordHash Of(string password)
    {
        byte[] salt = RandomNumberGenerator.GetBytes(SaltBytes);
        byte[] hash = Compute(password, salt, UsualMemoryKiB, UsualPasses);
        return new PasswordHash(UsualMemoryKiB, UsualPasses, Convert.ToBase64String(salt),
            Convert.ToBase64String(hash));
    }

    /// <summary>Compares a password in constant time.</summary>
    public bool Matches(string password) => CryptographicOperations.FixedTimeEquals(
        Compute(password, Convert.FromBase64String(Salt), MemoryKiB, Passes), Convert.FromBase64String(Hash));

    private static byte[] Compute(string password, byte[] salt, int memoryKiB, int passes)
    {
        using var argon = new Argon2id(Encoding.UTF8.GetBytes(password))
        {
            Salt = salt,
            MemorySize = memoryKiB,
            Iterations = passes,
            DegreeOfParallelism = Lanes,
        };
        return argon.GetBytes(HashBytes);
    }
}
