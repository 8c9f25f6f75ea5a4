/// What all tests share: fixtures, seeds, scratch folders.
public enum TestSupport {}
