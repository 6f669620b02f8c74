/* English of the editor → the words of our glossary. */
export default {
};
