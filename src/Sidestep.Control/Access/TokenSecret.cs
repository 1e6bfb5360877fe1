using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Sidestep.Control.Access;

/// <summary>The secret of a token: <c>sidestep_</c> and 256 random bits in base64url. The prefix lets scanners of
/// repositories find a token that was published by mistake.</summary>
public static class TokenSecret
{
    /// <summary>How every token begins.</summary>
    public const string Prefix = "sidestep_";

    private const int Bytes = 32;

    /// <summary>Makes a secret.</summary>
    public static string New() => Prefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(Bytes));

    /// <summary>What is stored of a secret: its SHA-256. A slow hash is for passwords, which can be guessed.</summary>
    public static string HashOf(string secret) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(secret)));
}
